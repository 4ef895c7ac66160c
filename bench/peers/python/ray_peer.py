"""Ray on this machine, in two ways: Ray Data's map_batches, and actors. `argv[1]` is the number of cores.

Its functions take a whole batch as an array, which is how Ray Data calls them.
"""

import collections
import logging
import os
import sys
import tempfile

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

import numpy
import ray
import ray.data

from protocol import WIDTH, check, complete, serve

CORES = int(sys.argv[1])
# Batches under way at once, an actor.
AHEAD = 4


def echo(values):
    return values


def vector(values):
    rows = numpy.full((len(values), WIDTH), 0.0519, numpy.float32)
    rows[:, 0] = values
    return rows


FUNCTIONS = {"echo": echo, "vector": vector}


@ray.remote
class Actor:
    def echo(self, values):
        return echo(values)

    def vector(self, values):
        return vector(values)


def batches(count, size):
    return (numpy.arange(start, min(start + size, count)) for start in range(0, count, size))


def listed(outputs):
    """Integers of an array are read faster as a list; a vector is the row of an array."""
    return outputs.tolist() if outputs.ndim == 1 else outputs


def by_actors(actors, function, count, size):
    sent = collections.deque()
    index = 0
    for number, batch in enumerate(batches(count, size)):
        sent.append(getattr(actors[number % len(actors)], function).remote(batch))
        if len(sent) >= AHEAD * len(actors):
            index = check(listed(ray.get(sent.popleft())), index, function)
    while sent:
        index = check(listed(ray.get(sent.popleft())), index, function)
    complete(index, count)


def by_data(function, count, size):
    def run(batch):
        return {"data": FUNCTIONS[function](batch["data"])}

    dataset = ray.data.from_numpy(list(batches(count, size)))
    mapped = dataset.map_batches(run, batch_size=size, zero_copy_batch=True)
    index = 0
    for batch in mapped.iter_batches(batch_size=None, batch_format="numpy"):
        index = check(listed(batch["data"]), index, function)
    complete(index, count)


def main():
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    with tempfile.TemporaryDirectory(prefix="warpmap-ray-") as folder:
        ray.init(
            num_cpus=CORES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=folder,
        )
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        # They leave the cores to the tasks of Ray Data, which run at other times.
        actors = [Actor.options(num_cpus=0).remote() for _ in range(CORES)]

        def run(way, function, count, size):
            if way == "actors":
                by_actors(actors, function, count, size)
            else:
                by_data(function, count, size)

        try:
            serve(ray.__version__, run)
        finally:
            ray.shutdown()


if __name__ == "__main__":
    main()
