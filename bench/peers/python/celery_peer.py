"""Celery on Redis: tasks and results in the Redis whose socket is `argv[1]`, which writes each command to disk first.

One line of standard input is one command. As a module of the worker, it has only the task.
"""

import json
import os
import subprocess
import sys
import time

import celery
import redis

SOCKET = os.environ.setdefault("WARPMAP_BENCH_REDIS", sys.argv[1] if len(sys.argv) > 1 else "")
RESULTS = 1

app = celery.Celery(
    "celery_peer",
    broker=f"redis+socket://{SOCKET}?virtual_host=0",
    backend=f"redis+socket://{SOCKET}?virtual_host={RESULTS}",
)
# A task is lost with its worker unless it is acknowledged late; many short ones are to be fetched ahead.
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=64,
    task_ignore_result=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="echo")
def echo(value):
    return value


def start_worker(folder):
    command = [sys.executable, "-m", "celery", "--app", "celery_peer", "worker", "--concurrency", "2"]
    quiet = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return subprocess.Popen([*command, *quiet], cwd=folder, stdout=subprocess.DEVNULL)


def submit(inputs, size):
    if size == 1:
        with app.producer_pool.acquire(block=True) as producer:
            for value in range(inputs):
                echo.apply_async((value,), producer=producer)
    else:
        echo.chunks(((value,) for value in range(inputs)), size).apply_async()


def drain(results, tasks):
    app.control.add_consumer("celery")
    while results.dbsize() < tasks:
        time.sleep(0.01)


def outputs(results):
    keys = results.keys("celery-task-meta-*")
    for start in range(0, len(keys), 1000):
        for meta in results.mget(keys[start : start + 1000]):
            result = json.loads(meta)["result"]
            yield from result if isinstance(result, list) else [result]


def main():
    # Read late, since a worker imports this file too.
    from protocol import serve

    folder = os.path.dirname(os.path.abspath(__file__))
    results = redis.Redis(unix_socket_path=SOCKET, db=RESULTS)
    worker = start_worker(folder)
    try:
        while not app.control.ping(timeout=0.5):
            pass
        app.control.cancel_consumer("celery")

        def run(way, function, count, size):
            tasks = -(-count // size)
            if way == "submit":
                submit(count, size)
            elif way == "drain":
                drain(results, tasks)
            elif way == "check":
                seen = sorted(outputs(results))
                if seen != list(range(count)):
                    raise ValueError(f"expected {count} outputs once, got {len(seen)}, {len(set(seen))} of them different")
            elif way == "forget":
                app.control.cancel_consumer("celery")
                results.flushdb()

        serve(celery.__version__, run)
    finally:
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    main()
