"""The classes behind gevent's names: for isinstance, and to inherit from."""

try:
    import gevent
except ImportError:
    # RuntimeError, because configurations catch it to find out.
    raise RuntimeError("gevent worker requires gevent 24.10.1 or higher") from None

from ucorn.native import Native

from gunicorn.workers.base_async import AsyncWorker


class GeventWorker(Native, AsyncWorker):
    server_class = None
    wsgi_handler = None

    def timeout_ctx(self):
        return gevent.Timeout(self.cfg.keepalive, False)

    def patch(self):
        """Makes Python's blocking calls switch greenlets."""
        from gevent import monkey

        monkey.patch_all()


class GeventPyWSGIWorker(GeventWorker):
    pass
