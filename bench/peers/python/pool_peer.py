"""multiprocessing.Pool.imap of the standard library; a batch is a chunk. `argv[1]` is the number of processes."""

import multiprocessing
import platform
import sys

import numpy

from protocol import WIDTH, check, complete, serve


def echo(value):
    return value


def vector(value):
    row = numpy.full(WIDTH, 0.0519, numpy.float32)
    row[0] = value
    return row


FUNCTIONS = {"echo": echo, "vector": vector}


def main():
    with multiprocessing.Pool(int(sys.argv[1])) as pool:

        def run(way, function, count, size):
            outputs = pool.imap(FUNCTIONS[function], range(count), chunksize=size)
            complete(check(outputs, 0, function), count)

        serve(f"multiprocessing.Pool.imap of Python {platform.python_version()}", run)


if __name__ == "__main__":
    main()
