"""How a peer in Python is spoken to, a JSON object a line: it says its name, and then answers each request."""

import json
import resource
import signal
import sys

WIDTH = 384

# Ctrl-C is for the benchmark; when that is gone, the input of this process ends. A pool whose workers it interrupts hangs.
signal.signal(signal.SIGINT, signal.SIG_IGN)


def serve(name, run):
    """Calls `run(way, function, count, size)` at each request, until the input ends."""
    answer(name=name)
    for line in sys.stdin:
        try:
            run(**json.loads(line))
            answer(peakMiB=peak())
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")


def answer(**fields):
    print(json.dumps(fields), flush=True)


def peak():
    """The most resident memory that this process has had, in MiB."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    # What getrusage says is never less than the memory of the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def check(outputs, start, function):
    """Raises unless each output is that of the input in its place. Returns the place of the next."""
    index = start
    if function == "echo":
        for output in outputs:
            if output != index:
                raise ValueError(f"expected output {index} in its place, got {output}")
            index += 1
    else:
        for output in outputs:
            if output[0] != index or len(output) != WIDTH:
                raise ValueError(f"expected output {index} in its place, got {output[0]} and {len(output)} numbers")
            index += 1
    return index


def complete(index, count):
    if index != count:
        raise ValueError(f"expected {count} outputs, got {index}")
