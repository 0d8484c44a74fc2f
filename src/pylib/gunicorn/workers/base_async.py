"""gunicorn's base of workers that serve many connections at a time: a name to inherit from."""

from ucorn.patches import refused

from gunicorn.workers.base import Worker

ALREADY_HANDLED = object()


class AsyncWorker(Worker):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.worker_connections = self.cfg.worker_connections

    def timeout_ctx(self):
        raise NotImplementedError

    def is_already_handled(self, respiter):
        """Whether the application has answered on the socket by itself."""
        return respiter is ALREADY_HANDLED

    def handle(self, listener, client, addr):
        raise refused("gunicorn.workers.base_async.AsyncWorker.handle")

    def handle_request(self, listener_name, req, sock, addr):
        raise refused("gunicorn.workers.base_async.AsyncWorker.handle_request")
