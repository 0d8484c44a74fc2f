"""The class behind the name asgi: for isinstance, and to inherit from."""

from ucorn.patches import refused

from gunicorn.workers.base import Worker


class ASGIWorker(Worker):
    def run(self):
        raise refused("gunicorn.workers.gasgi.ASGIWorker.run")
