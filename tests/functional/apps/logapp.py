"""An application for tests of logging; what it does is in the path."""

import logging
import sys


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/boom":
        raise ValueError("boom")
    if path == "/wsgi-errors":
        environ["wsgi.errors"].write("for wsgi.errors\n")
    if path == "/print":
        print("printed", flush=True)
        print("complained", file=sys.stderr, flush=True)
    if path == "/log":
        logging.getLogger("shop").info("sold")
    if path == "/mute":
        for name in ("gunicorn.error", "gunicorn.access"):
            logging.getLogger(name).handlers.clear()
    environ["shop.user"] = "ann"
    status = "404 Not Found" if path == "/missing" else "200 OK"
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"12345"
    fields = [("Content-Type", "text/plain"), ("Content-Length", "5"), ("X-Shop", 'a "b"')]
    start_response(status, fields)
    return [body]


def flask_recipe():
    """What Flask's users do: their logger borrows the server's handlers and level."""
    server = logging.getLogger("gunicorn.error")
    shop = logging.getLogger("shop")
    shop.handlers = server.handlers
    shop.setLevel(server.level)
    return app


def with_handler(name="gunicorn.error"):
    """An agent that listens to a logger of the server."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("agent %(name)s %(levelname)s %(message)s"))
    logging.getLogger(name).addHandler(handler)
    return app


def with_patched_logging():
    """How Sentry and New Relic hear of every record."""
    call_handlers = logging.Logger.callHandlers

    def patched(self, record):
        print("agent", record.name, record.getMessage(), bool(record.exc_info), flush=True)
        call_handlers(self, record)

    logging.Logger.callHandlers = patched
    return app


def with_failing_handler():
    class Failing(logging.Handler):
        def handle(self, record):
            raise OSError("no log today")

    logging.getLogger("gunicorn.error").addHandler(Failing())
    logging.getLogger("gunicorn.access").addHandler(Failing())
    return app
