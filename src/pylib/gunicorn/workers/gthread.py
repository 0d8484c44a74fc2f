"""The class behind the name gthread: for isinstance, and to inherit from."""

from concurrent.futures import ThreadPoolExecutor

from ucorn.native import Native
from ucorn.patches import refused

from gunicorn.workers.base import Worker


class TConn:
    """A connection of gunicorn's ThreadWorker."""

    def __init__(self, cfg, sock, client, server):
        raise refused("gunicorn.workers.gthread.TConn")


class ThreadWorker(Native, Worker):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.worker_connections = self.cfg.worker_connections

    @classmethod
    def check_config(cls, cfg, log):
        """Nothing that the server would not check itself."""

    def get_thread_pool(self):
        return ThreadPoolExecutor(max_workers=self.cfg.threads)

    def accept(self, listener):
        raise refused("gunicorn.workers.gthread.ThreadWorker.accept")

    def handle(self, conn):
        raise refused("gunicorn.workers.gthread.ThreadWorker.handle")

    def handle_request(self, req, conn):
        raise refused("gunicorn.workers.gthread.ThreadWorker.handle_request")
