"""The class behind the name tornado: for isinstance, and to inherit from."""

try:
    import tornado  # noqa: F401
except ImportError:
    raise RuntimeError("You need tornado installed to use this worker.") from None

from ucorn.patches import refused

from gunicorn.workers.base import Worker


class TornadoWorker(Worker):
    def run(self):
        raise refused("gunicorn.workers.gtornado.TornadoWorker.run")
