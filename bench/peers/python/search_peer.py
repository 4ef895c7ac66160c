"""Exact search of unit vectors by a library; `argv` is the number of threads, its name, the file of float32 items and their number and dims.

Each request names a file of queries, their number, k and a file for the positions of the best (int64, row-major).
"""

import json
import os
import sys

threads, library, path, count, dims = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
# Read by the libraries of linear algebra when they are loaded.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = threads

from concurrent.futures import ThreadPoolExecutor

import numpy

from protocol import answer

# Bytes of scores that a library without a search of its own may have in memory.
MAX_SCORES = 64 * 2**20


def open_faiss(items):
    import faiss

    faiss.omp_set_num_threads(int(threads))
    index = faiss.IndexFlatIP(dims)
    index.add(items)
    return f"faiss-cpu {faiss.__version__}, IndexFlatIP", lambda queries, k: index.search(queries, k)[1]


def open_numkong(items):
    """Products with items that were packed beforehand, in blocks, a thread each; numpy selects."""
    import numkong

    rows = 16_384
    parts = [(first, numkong.dots_pack(items[first : first + rows])) for first in range(0, count, rows)]
    pool = ThreadPoolExecutor(int(threads))

    def best_of(queries, k, part):
        first, packed = part
        scores = numpy.asarray(numkong.dots_packed(queries, packed)).astype(numpy.float32, copy=False)
        kept = min(k, scores.shape[1])
        at = numpy.argpartition(scores, scores.shape[1] - kept, axis=1)[:, -kept:]
        return numpy.take_along_axis(scores, at, axis=1), at + first

    def search(queries, k):
        best = []
        step = max(1, MAX_SCORES // (4 * rows * int(threads)))
        for start in range(0, len(queries), step):
            asked = queries[start : start + step]
            found = list(pool.map(lambda part: best_of(asked, k, part), parts))
            scores = numpy.concatenate([each[0] for each in found], axis=1)
            at = numpy.concatenate([each[1] for each in found], axis=1)
            order = numpy.argsort(-scores, axis=1, kind="stable")[:, :k]
            best.append(numpy.take_along_axis(at, order, axis=1))
        return numpy.concatenate(best)

    return f"NumKong {numkong.__version__}, dots_packed", search


def main():
    items = numpy.memmap(path, numpy.float32, "r", shape=(count, dims))
    name, search = {"faiss": open_faiss, "numkong": open_numkong}[library](items)
    answer(name=name)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            queries = numpy.fromfile(request["queries"], numpy.float32).reshape(-1, dims)
            search(queries, request["k"]).astype(numpy.int64).tofile(request["best"])
            answer()
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")


main()
