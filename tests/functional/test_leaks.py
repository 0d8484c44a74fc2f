"""Nothing is left of a request when it is over: no memory, no reference."""

import pytest

from support.rawhttp import chunked, request_bytes

#: Every kind of request that takes a path of its own through the server, with
#: the status of its answer; None: the connection ends instead.
KINDS = {
    "list": (request_bytes("GET", "/"), 200),
    "tuple": (request_bytes("GET", "/tuple"), 200),
    "generator": (request_bytes("GET", "/generator"), 200),
    "paused": (request_bytes("GET", "/paused"), 200),
    "late start": (request_bytes("GET", "/late-start"), 200),
    "empty": (request_bytes("GET", "/empty"), 200),
    "head": (request_bytes("HEAD", "/"), 200),
    "environ": (request_bytes("GET", "/x%20y?q=1", [("X-Some", "a"), ("X-Some", "b")]), 200),
    "large": (request_bytes("GET", "/size?n=5000"), 200),
    "write": (request_bytes("GET", "/write"), 200),
    "memory file": (request_bytes("GET", "/memory"), 200),
    "post": (request_bytes("POST", "/checksum", body=b"x" * 300), 200),
    "chunked": (
        request_bytes("POST", "/checksum", [("Transfer-Encoding", "chunked")])
        + chunked(b"hello", b"world"),
        200,
    ),
    "lines": (request_bytes("POST", "/echo?how=readline", body=b"a\nb\nc"), 200),
    "replaced": (request_bytes("GET", "/replaced"), 503),
    "exception": (request_bytes("GET", "/boom"), 500),
    "late exception": (request_bytes("GET", "/boom-late"), None),
    "not bytes": (request_bytes("GET", "/not-bytes"), 500),
    "no start": (request_bytes("GET", "/no-start"), 500),
    "bad field": (request_bytes("GET", "/field?X=a%0Ab"), 500),
    "closing": (request_bytes("GET", "/closing?how=normal&id=1"), 200),
    "wsgi.errors": (request_bytes("GET", "/errors"), 200),
    "malformed": (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
}

BATCH = 50


def send_batch(server, data, status, method):
    """BATCH requests, pipelined on one connection as far as it is kept."""
    if status not in (200, 503):
        for _ in range(BATCH):
            with server.connect() as client:
                client.send(data)
                if status:
                    assert client.response().status == status
                while client.socket.recv(65536):
                    pass
        return
    with server.connect() as client:
        client.send(data * BATCH)
        for _ in range(BATCH):
            assert client.response(method).status == status


def send_many(server, kind, count):
    data, status = KINDS[kind]
    for _ in range(count // BATCH):
        send_batch(server, data, status, data.split(b" ", 1)[0].decode())


@pytest.mark.refcount
@pytest.mark.parametrize("kind", KINDS)
def test_references_stay_flat(serve, backend, kind):
    """Over 10,000 requests of each kind; without the fix of a leak of one
    reference a request this would grow by 10,000."""
    server = serve("leakapp:app", "-k", backend, "-w", "1", "-t", "0")
    send_many(server, kind, 500)
    server.get("/references")
    before = int(server.get("/references").text)
    send_many(server, kind, 10000)
    grown = int(server.get("/references").text) - before
    assert grown < 500, f"{grown} references are left of 10,000 requests"


@pytest.mark.full
def test_memory_stays_flat(serve, backend):
    """100,000 requests of mixed kinds, after 20,000 to warm up."""
    server = serve("leakapp:app", "-k", backend, "-w", "1", "-t", "0")
    rounds = 20000 // len(KINDS)
    for kind in KINDS:
        send_many(server, kind, rounds)
    before = int(server.get("/rss").text)
    for _ in range(5):
        for kind in KINDS:
            send_many(server, kind, rounds)
    grown = int(server.get("/rss").text) - before
    assert grown < 1024, f"{grown} KiB are left of 100,000 requests"
