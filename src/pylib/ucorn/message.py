"""A request and its response as loggers and hooks see them: plain objects with gunicorn's
attribute names, on which anything may be set."""

import datetime
from email.utils import formatdate

from ucorn import patches


class Request:
    """headers: (NAME, value) in capitals, in the order sent; version: (1, 1).

    What pre_request changes of method, uri, path, query, headers, scheme and must_close is what
    the application gets."""

    fragment = ""
    proxy_protocol_info = None
    must_close = False
    # Set where the application is about to be called.
    body = None
    cfg = None
    req_number = 1

    def __init__(self, method, uri, path, query, version, headers, scheme="http", peer=None):
        self.method = method
        self.uri = uri
        self.path = path
        self.query = query
        self.version = version
        self.headers = headers
        self.scheme = scheme
        self.peer_addr = self.remote_addr = peer
        self.trailers = []
        if "#" in uri:
            self.fragment = uri.partition("#")[2]

    def __repr__(self):
        return "<Request %s %s>" % (self.method, self.uri)

    def force_close(self):
        self.must_close = True

    def should_close(self):
        if self.must_close:
            return True
        for name, value in self.headers:
            if name == "CONNECTION" and value.lower() in ("close", "keep-alive"):
                return value.lower() == "close"
        return self.version <= (1, 0)


class Response:
    """status: "200 OK"; headers: what the application gave; sent: bytes of the body so far."""

    must_close = False

    def __init__(
        self, status, status_code, headers, sent, response_length, chunked=False, upgrade=False,
        headers_sent=True,
    ):  # fmt: skip
        self.status = status
        self.status_code = status_code
        self.headers = headers
        self.sent = sent
        self.response_length = response_length
        self.chunked = bool(chunked)
        self.upgrade = bool(upgrade)
        self.headers_sent = bool(headers_sent)
        self.version = patches.server()

    def __repr__(self):
        return "<Response %s>" % self.status

    def force_close(self):
        self.must_close = True

    def should_close(self):
        return self.must_close

    def default_headers(self):
        """The lines that a head begins with under gunicorn, for code that wraps this method: the
        server, which writes heads without Python, does not call it."""
        lines = ["HTTP/1.1 %s", "Server: %s", "Date: %s", "Connection: %s"]
        values = [self.status, patches.server(), formatdate(usegmt=True), "close"]
        return [line % value + "\r\n" for line, value in zip(lines, values)]


def log_access(logger, request, response, environ, duration_us):
    """environ: None when the request failed before it had one."""
    if environ is None:
        environ = {
            "REQUEST_METHOD": request.method,
            "RAW_URI": request.uri,
            "QUERY_STRING": request.query,
            "SERVER_PROTOCOL": "HTTP/%d.%d" % request.version,
        }
    logger.access(response, request, environ, datetime.timedelta(microseconds=duration_us))
