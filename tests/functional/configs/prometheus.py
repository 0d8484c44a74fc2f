"""prometheus_client in its mode for several processes: workers write files, a thread of the
master serves the sum of them."""

import glob
import os

from prometheus_client import CollectorRegistry, multiprocess, start_http_server

workers = 2
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]


def on_starting(server):
    for path in glob.glob(os.path.join(folder, "*.db")):
        os.remove(path)


def when_ready(server):
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    start_http_server(int(os.environ["METRICS_PORT"]), addr="127.0.0.1", registry=registry)


def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
