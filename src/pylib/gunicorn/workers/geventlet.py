"""The class behind the name eventlet, which gunicorn has had before 26: for isinstance, and to
inherit from."""

try:
    import eventlet
except ImportError:
    raise RuntimeError("eventlet worker requires eventlet 0.24.1 or higher") from None

from ucorn.native import Native

from gunicorn.workers.base_async import AsyncWorker


class EventletWorker(Native, AsyncWorker):
    def timeout_ctx(self):
        return eventlet.Timeout(self.cfg.keepalive or None, False)

    def patch(self):
        """Makes Python's blocking calls switch greenlets."""
        eventlet.monkey_patch()
