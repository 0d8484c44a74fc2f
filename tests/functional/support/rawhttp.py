"""HTTP/1 over a raw socket: sends the bytes it is told and reads one response
exactly, so that a byte too many or too few is noticed."""

import json
import socket

from .waiting import DEADLINE


class Unanswered(ConnectionError):
    """The connection ended before the first byte of a response."""


class Truncated(ConnectionError):
    """The connection ended inside a response."""


class Response:
    def __init__(self, head):
        status_line, *fields = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = (status_line + " ").split(" ", 2)
        self.reason = self.reason.rstrip(" ")
        self.status = int(status)
        self.fields = [tuple(field.split(": ", 1)) for field in fields]
        self.raw_head = head
        self.body = b""

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        """The value of a field that must not be there twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        assert self.status == 200, f"{self.status}: {self.body!r}"
        return json.loads(self.body)


def request_bytes(method, target, fields=(), body=None, version="HTTP/1.1", host="localhost"):
    """One request; a body gets its Content-Length."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def chunked(*pieces):
    """The pieces as a chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Client:
    """A connection to address: (host, port), or the path of a unix socket."""

    def __init__(self, address, timeout=DEADLINE, receive_buffer=None, source=None):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._buffer = b""
        if source:
            self.socket.bind((source, 0))
        try:
            self.socket.connect(address if isinstance(address, tuple) else str(address))
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, target, **parts):
        """Sends one request and reads its response."""
        self.send(request_bytes(method, target, **parts))
        return self.response(method)

    def response(self, method="GET"):
        """Reads one whole response to a request of that method."""
        response = self.head(method)
        response.body = b"".join(self.pieces(response))
        return response

    def head(self, method="GET"):
        """Reads up to the end of a response's head; pieces() reads the rest."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                raise Truncated("in the head") if self._buffer else Unanswered("no response")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        response = Response(head)
        response.has_body = method != "HEAD" and response.status >= 200 and (
            response.status not in (204, 304)
        )
        return response

    def pieces(self, response):
        """Yields the body as it comes: chunk by chunk, or read by read."""
        if not response.has_body:
            return
        length = response.get("Content-Length")
        if response.get("Transfer-Encoding") == "chunked":
            assert length is None, "both Transfer-Encoding and Content-Length"
            yield from self._chunks()
        elif length is not None:
            yield from self._counted(int(length))
        else:
            while self._buffer or self._fill():
                yield self._take(len(self._buffer))

    def raw(self, count):
        """The next count bytes, whatever they are."""
        return b"".join(self._counted(count))

    def at_end(self):
        """True if the server has closed and nothing came that was not read."""
        try:
            return not self._buffer and not self._fill()
        except ConnectionResetError:
            return True

    def is_kept(self):
        """True if the connection still carries a request."""
        return self.request("GET", "/").status == 200

    def _fill(self):
        data = self.socket.recv(65536)
        self._buffer += data
        return bool(data)

    def _take(self, count):
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _line(self):
        while b"\r\n" not in self._buffer:
            if not self._fill():
                raise Truncated("in a chunk's size")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _counted(self, length):
        while length:
            if not self._buffer and not self._fill():
                raise Truncated(f"{length} bytes missing")
            piece = self._take(length)
            length -= len(piece)
            yield piece

    def _chunks(self):
        while True:
            size = int(self._line(), 16)
            data = b"".join(self._counted(size))
            assert self._line() == b"", "a chunk does not end with CRLF"
            if not size:
                return
            yield data
