"""The class behind the name sync: for isinstance, and to inherit from."""

from ucorn.native import Native
from ucorn.patches import refused

from gunicorn.workers.base import Worker


class StopWaiting(Exception):
    """A worker's master has gone."""


class SyncWorker(Native, Worker):
    def accept(self, listener):
        raise refused("gunicorn.workers.sync.SyncWorker.accept")

    def handle(self, listener, client, addr):
        raise refused("gunicorn.workers.sync.SyncWorker.handle")

    def handle_request(self, listener, req, client, addr):
        raise refused("gunicorn.workers.sync.SyncWorker.handle_request")
