"""Exact search of torch or FAISS in the corpus of bench/kernels/gpu/corpus.ts, on a GPU where the library has one.

`argv[1]` is {library, count, dims, seed, querySeed, k}. A request {queries, reply} searches once, and is answered with the
seconds from the call until the answers are in memory of the host; with `reply` also with the rows of all queries.
"""

import json
import sys
import time

from protocol import answer

BLOCK = 2**18
SCORES = 2**30


def mixed(numpy, word):
    word = (word ^ (word >> 16)) * numpy.uint32(0x7FEB352D)
    word = (word ^ (word >> 15)) * numpy.uint32(0x846CA68B)
    return word ^ (word >> 16)


def rows(numpy, seed, first, count, dims):
    """The rows that `rowOf` of corpus.ts makes, as float32."""
    start = first * dims // 4
    words = numpy.arange(start, start + count * dims // 4, dtype=numpy.uint64).astype(numpy.uint32)
    words = mixed(numpy, mixed(numpy, words) ^ numpy.uint32(seed))
    return (words.view(numpy.uint8).reshape(count, dims).astype(numpy.float32) - 128) / 128


def blocks(numpy, seed, count, dims):
    for first in range(0, count, BLOCK):
        yield first, rows(numpy, seed, first, min(BLOCK, count - first), dims)


def open_torch(count, dims, seed):
    import numpy
    import torch

    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    # A CPU multiplies halves far slower than floats.
    items = torch.empty((count, dims), dtype=torch.float16 if gpu else torch.float32, device=device)
    for first, block in blocks(numpy, seed, count, dims):
        items[first : first + len(block)] = torch.from_numpy(block).to(items)

    def prepare(queries):
        return torch.from_numpy(queries).to(items)

    def search(queries, k):
        """Scores of a gigabyte or two at a time; the best of each part, and then of all."""
        step = max(k, SCORES // len(queries))
        found = []
        for first in range(0, count, step):
            part = items[first : first + step]
            best, at = torch.topk(queries @ part.T, min(k, len(part)), dim=1)
            found.append((best, at + first))
        best, at = (torch.cat(each, dim=1) for each in zip(*found))
        if len(found) > 1:
            best, order = torch.topk(best, k, dim=1)
            at = torch.gather(at, 1, order)
        return at.cpu().numpy()

    where = torch.cuda.get_device_name() if gpu else f"CPU, {torch.get_num_threads()} threads"
    kind = "float16" if gpu else "float32"
    return f"torch {torch.__version__}, matmul and topk, {kind} ({where})", prepare, search


def open_faiss(count, dims, seed):
    import faiss
    import numpy

    gpu = hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus() > 0
    if gpu:
        resources = faiss.StandardGpuResources()
        config = faiss.GpuIndexFlatConfig()
        config.useFloat16 = True
        index = faiss.GpuIndexFlatIP(resources, dims, config)
    else:
        index = faiss.IndexFlatIP(dims)
    for _, block in blocks(numpy, seed, count, dims):
        index.add(block)

    def search(queries, k):
        return index.search(queries, k)[1]

    where = "GPU, float16" if gpu else f"CPU, float32, {faiss.omp_get_max_threads()} threads"
    return f"FAISS {faiss.__version__}, flat ({where})", lambda queries: queries, search


def main():
    import numpy

    asked = json.loads(sys.argv[1])
    count, dims, k = asked["count"], asked["dims"], asked["k"]
    opened = {"torch": open_torch, "faiss": open_faiss}[asked["library"]]
    try:
        name, prepare, search = opened(count, dims, asked["seed"])
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}")
        return
    answer(name=name)
    prepared = {}
    for line in sys.stdin:
        try:
            request = json.loads(line)
            number = request["queries"]
            if number not in prepared:
                prepared[number] = prepare(rows(numpy, asked["querySeed"], 0, number, dims))
            start = time.perf_counter()
            found = search(prepared[number], k)
            seconds = time.perf_counter() - start
            answer(seconds=seconds, **({"rows": found.ravel().tolist()} if request["reply"] else {}))
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
