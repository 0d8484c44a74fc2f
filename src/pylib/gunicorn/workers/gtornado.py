"""The class behind the name tornado: for isinstance, and to inherit from."""

try:
    import tornado  # noqa: F401
except ImportError:
    raise RuntimeError("You need tornado installed to use this worker.") from None

from ucorn.native import Native

from gunicorn.workers.base import Worker


class TornadoWorker(Native, Worker):
    pass
