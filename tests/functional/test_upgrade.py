"""environ['gunicorn.socket'] and what takes a connection over."""

import contextlib
import errno
import json
import re
import subprocess

import pytest
import websocket

from support.rawhttp import request_bytes
from support.waiting import DEADLINE, until


ONLY_UCORN = pytest.mark.ucorn_only


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("socketapp:app", "-k", backend, "-w", "1")


@pytest.fixture
def quiet(server):
    """The server, which has to serve on and to say nothing during the test."""
    before = server.log
    yield server
    assert server.get("/").text == "hello"
    assert server.log == before


@pytest.fixture
def client(server):
    with server.connect() as connection:
        yield connection


def wait_connections(server, count):
    """Waits until the worker has descriptors of so many connections, besides that of who asks."""
    until(
        lambda: int(server.get("/connections").text) == count + 1,
        f"the worker has {count} connections",
    )


@pytest.fixture
def browse(tmp_path):
    """browse(url) opens it in a browser, which runs until the end of the test."""
    with contextlib.ExitStack() as stack:

        def browse(url):
            stack.enter_context(chromium(tmp_path, url))

        yield browse


@contextlib.contextmanager
def chromium(home, url):
    options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--remote-debugging-port=0", f"--user-data-dir={home}/profile",
    ]  # fmt: skip
    with open(home / "chromium.log", "wb") as log, subprocess.Popen(
        ["chromium", *options, url], stdout=log, stderr=log
    ) as process:
        try:
            yield
        finally:
            process.terminate()


# Websockets: the examples of RFC 6455 1.3 and 5.7.

FIELDS = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
]
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HELLO = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
HELLO_BACK = b"\x81\x05Hello"
CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"
CLOSE_BACK = b"\x88\x02\x03\xe8"


def talk(client, target, first=b""):
    """Returns the head of the handshake's answer."""
    head = client.request("GET", target, fields=FIELDS)
    assert client.raw(len(first)) == first
    for frame, back in ((HELLO, HELLO_BACK), (CLOSE, CLOSE_BACK)):
        client.send(frame)
        assert client.raw(len(back)) == back
    assert client.at_end()
    return head


def is_handshake(head):
    return (head.status, head.get("Upgrade"), head.get("Connection").lower(), ACCEPT) == (
        101, "websocket", "upgrade", head.get("Sec-WebSocket-Accept"),
    )  # fmt: skip


def test_websocket_ended_by_stop_iteration(quiet, client):
    assert is_handshake(talk(client, "/ws_stop"))


@pytest.mark.ucorn_only
@pytest.mark.parametrize("how", ["list", "none", "generator", "empty_piece"])
def test_websocket_without_start_response(quiet, client, how):
    assert is_handshake(talk(client, f"/ws_{how}"))


@pytest.mark.ucorn_only
@pytest.mark.parametrize("how", ["101", "101_generator"])
def test_websocket_with_start_response(quiet, client, how):
    head = talk(client, f"/ws_{how}")
    assert is_handshake(head)
    assert (head.get("Content-Length"), head.get("Transfer-Encoding")) == (None, None)


@pytest.mark.ucorn_only
def test_the_head_is_out_before_what_the_application_sends(quiet, client):
    assert is_handshake(talk(client, "/ws_101_used_before", first=b"\x81\x05first"))


def open_websocket(server, way):
    address = "ws://%s:%d/%s" % (*server.address, way)
    return contextlib.closing(websocket.create_connection(address, timeout=DEADLINE))


@pytest.mark.parametrize("way", ["ws_library", pytest.param("ws_waiting", marks=ONLY_UCORN)])
def test_websocket_libraries(quiet, way):
    with open_websocket(quiet, way) as client:
        for text in ("hello", "", "x" * 70_000, "\u20ac"):
            client.send(text)
            assert client.recv() == text


@pytest.mark.ucorn_only
@pytest.mark.needs("pauses")
def test_many_websockets_in_one_thread(serve, backend):
    """Each waits for its client, and all are served in turns."""
    server = serve("socketapp:app", "-k", backend, "-w", "1")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(open_websocket(server, "ws_waiting")) for _ in range(50)]
        assert server.get("/").text == "hello"
        for number, client in enumerate(clients):
            client.send(str(number))
        assert [client.recv() for client in clients] == [str(n) for n in range(50)]
        clients.pop().shutdown()  # without the goodbye of websockets
    wait_connections(server, 0)
    assert "ERROR" not in server.log


@pytest.mark.full
def test_websocket_of_a_browser(serve, backend, browse):
    server = serve("socketapp:app", "-k", backend, "-w", "1")
    browse(server.url("/browser"))
    server.wait_stdout("^browser: ")
    seen = json.loads(re.search("^browser: (.*)$", server.stdout, re.M)[1])
    assert seen == ["open", "hello \u20ac", 100_000, "closed 1000 enough true"]


@pytest.mark.ucorn_only
def test_websocket_on_a_kept_connection(quiet, client):
    assert client.is_kept()
    assert is_handshake(talk(client, "/ws_list"))


# Taken over.


@pytest.mark.ucorn_only
def test_a_kept_socket_outlives_its_request(serve, backend):
    server = serve("socketapp:app", "-k", backend, "-w", "1")
    with server.connect() as client:
        client.send(request_bytes("GET", "/keep?id=kept"))
        assert client.raw(4) == b"kept"
        wait_connections(server, 1)  # by the application's descriptor alone
        for text in ("one", "two"):
            assert server.get(f"/say?id=kept&text={text}").text == "said"
            assert client.raw(3) == text.encode()
        server.get("/drop?id=kept")
        assert client.at_end()
    wait_connections(server, 0)


@pytest.mark.ucorn_only
def test_a_socket_ends_with_its_request_though_its_environ_is_kept(quiet, client):
    client.send(request_bytes("GET", "/cycle"))
    assert client.raw(5) == b"cycle"
    assert client.at_end()


def test_stop_iteration_closes(quiet, client):
    client.send(request_bytes("GET", "/stop"))
    assert client.at_end()


# Used, and answered as usual.


def test_a_used_socket_is_the_connection(quiet, client):
    answer = client.request("GET", "/used")
    assert answer.json() == list(client.socket.getsockname())
    assert answer.get("Connection") == "close"
    assert client.at_end()


@pytest.mark.ucorn_only
def test_a_socket_used_behind_the_head_ends_the_connection_too(quiet, client):
    assert client.request("GET", "/used_late").text == "before,after"
    assert client.at_end()


def test_an_exception_after_use_is_an_error(server, client):
    assert client.request("GET", "/used_boom").status == 500
    assert client.at_end()
    server.wait_log(r"Error handling request .*/used_boom$")
    server.wait_log(r"^RuntimeError: boom was asked for$")


@pytest.mark.ucorn_only
def test_properties_of_the_socket(quiet, client, backend):
    shown = client.request("GET", "/properties").json()
    is_green = backend in ("gevent", "eventlet")
    assert re.fullmatch(
        r"<ucorn.client_socket.ClientSocket %s.*>" % ("" if is_green else r"fd=\d+, "),
        shown.pop("repr"),
    )
    assert shown == {
        "same": True,
        "is a socket": True,
        "class": "ClientSocket",
        "own": True,
        "inheritable": False,
        "timeout": None,
        "blocking": not is_green,  # for others than the hub
        "writable": True,
    }


@pytest.mark.ucorn_only
def test_a_file_to_a_slow_reader_who_may_block(quiet, tmp_path):
    """The application's descriptor blocks, and so does sendfile(2) on any other."""
    path = tmp_path / "data"
    path.write_bytes(bytes(n * 11 % 253 for n in range(253)) * 40_000)
    with quiet.connect(receive_buffer=16384) as client:
        client.send(request_bytes("GET", f"/used_file?file={path}"))
        head = client.head()
        assert quiet.get("/").text == "hello"
        assert b"".join(client.pieces(head)) == path.read_bytes()
        assert client.at_end()


# Not used.


@pytest.mark.keepalive
def test_looking_is_no_use(serve, backend):
    server = serve("socketapp:app", "-k", backend, "-w", "1")
    with server.connect() as client:
        answers = [client.request("GET", "/look").json() for _ in range(3)]
        shown = "<ucorn.client_socket.ClientSocket, not used>"
        assert answers == [[True, False, False, shown, 1]] * 3
        wait_connections(server, 1)
        assert client.is_kept()
    server.stop()
    assert "ResourceWarning" not in server.stderr


@pytest.mark.ucorn_only
@pytest.mark.parametrize("worker", ["sync", "gevent", "eventlet"])
def test_nothing_of_one_client_is_on_anothers_socket(serve, worker):
    server = serve("socketapp:app", "-k", worker, "-w", "1")
    for name in ("first", "second", "third"):
        with server.connect() as client:
            assert client.request("GET", f"/marked?{name}").json() == [None, None]
            found = client.request("GET", "/marked?again").json()
            assert found in ([name, None], [name, name])


@pytest.mark.ucorn_only
def test_a_socket_kept_unused_fails_cleanly(quiet):
    closed = [-1, errno.EBADF]
    with quiet.connect() as client:
        client.request("GET", "/remember?id=unused")
        # Between two requests of its connection.
        assert quiet.get("/remembered?id=unused").json() == closed
        # In its own connection's request it can be used after all.
        assert client.request("GET", "/look").json()[0] is True
        fd, sent = client.request("GET", "/remembered?id=unused").json()
        assert fd >= 0 and sent == 0
        assert client.at_end()
    with quiet.connect() as client:
        client.request("GET", "/remember?id=gone", fields=[("Connection", "close")])
        assert client.at_end()
    assert quiet.get("/remembered?id=gone").json() == closed
    quiet.get("/drop?id=gone")
    quiet.get("/drop?id=unused")


@pytest.mark.ucorn_only
@pytest.mark.parametrize("unix", [False, True])
def test_no_environ_has_to_grow(serve, backend, tmp_path, unix):
    """Its dict is copied with room for a browser's fields."""
    bind = [f"unix:{tmp_path}/socket"] if unix else None
    server = serve("socketapp:app", "-k", backend, "-w", "1", bind=bind)
    fields = [(f"X-Field-{n}", "value") for n in range(12)]
    few, many = server.get("/environ_size"), server.get("/environ_size?query", fields)
    assert few.text == many.text
