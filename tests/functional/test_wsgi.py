"""The contract of PEP 3333, from the application's side."""

import gzip
import re

import pytest

from support.rawhttp import Truncated, chunked, request_bytes
from support.waiting import until
from support.web import sha256

pytestmark = pytest.mark.everywhere


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("wsgiapp:app", "-k", backend, "-w", "1")


@pytest.fixture
def client(server):
    with server.connect() as connection:
        yield connection
    assert server.get("/").text == "hello"


# wsgi.input

BODY = b"first line\nsecond\n\nlast"
CALLS = {
    "read": ["first line\nsecond\n\nlast", ""],
    "readline": ["first line\n", "second\n", "\n", "last"],
    "readline4": ["firs", "t li", "ne\n", "seco", "nd\n", "\n", "last"],
    "readlines": ["first line\n", "second\n", "\n", "last"],
    "iterate": ["first line\n", "second\n", "\n", "last"],
    "7": ["first l", "ine\nsec", "ond\n\nla", "st"],
    "1000": ["first line\nsecond\n\nlast"],
}


@pytest.mark.parametrize("how", CALLS)
def test_reading_a_body(client, how):
    assert client.request("POST", f"/echo?how={how}", body=BODY).json() == CALLS[how]


@pytest.mark.parametrize("how", CALLS)
def test_reading_a_chunked_body(client, how):
    fields = [("Transfer-Encoding", "chunked")]
    client.send(request_bytes("POST", f"/echo?how={how}", fields=fields))
    client.send(chunked(BODY[:3], BODY[3:12], BODY[12:]))
    assert client.response("POST").json() == CALLS[how]


@pytest.mark.parametrize("how", ["read", "readline", "readlines", "iterate", "7"])
def test_reading_no_body(client, how):
    assert "".join(client.request("GET", f"/echo?how={how}").json()) == ""


@pytest.mark.parametrize("size", [1, 1023, 8192, 65537, 3_000_001])
def test_big_bodies_arrive_whole(client, size):
    body = bytes(n * 7 % 251 for n in range(size))
    assert client.request("POST", "/checksum", body=body).text == sha256(body)


# The iterable.


@pytest.mark.parametrize(
    "target, body",
    [
        ("/list", "one,two,three"),
        ("/tuple", "one,two"),
        ("/generator", "one,two"),
        ("/late-start", "late"),
        ("/empty", ""),
        ("/write", "written,twice,returned"),
    ],
)
def test_bodies(client, target, body):
    answer = client.request("GET", target)
    assert (answer.status, answer.text) == (200, body)


def test_head_of_an_empty_iterable_goes_out(client):
    assert client.request("GET", "/empty").get("X-Empty") == "yes"


def test_a_piece_goes_out_before_the_next_is_made(client, tmp_path):
    client.send(request_bytes("GET", f"/latched?file={tmp_path}/go"))
    pieces = client.pieces(client.head())
    assert next(pieces) == b"first"
    (tmp_path / "go").touch()
    assert b"".join(pieces) == b"second"


def test_more_by_write_than_the_socket_takes(client):
    answer = client.request("GET", "/big-write?n=100000&count=80")
    assert len(answer.body) == 8_000_000
    assert answer.body == answer.body[:100_000] * 80


@pytest.mark.parametrize("how, cut", [("plain", False), ("empty", False), ("raise", True)])
def test_close_is_called_once(server, how, cut):
    target = f"/closing?how={how}&id={how}"
    with server.connect() as client:
        if cut:
            with pytest.raises(Truncated):
                client.request("GET", target)
        else:
            assert client.request("GET", target).status == 200
    count = until(lambda: int(server.get(f"/closed?id={how}").text), "close() is called")
    assert count == 1


def test_close_is_called_after_head(server):
    with server.connect() as client:
        assert client.request("HEAD", "/closing?how=plain&id=head").body == b""
    until(lambda: server.get("/closed?id=head").text == "1", "close() is called")


def test_text_is_no_body(server, client):
    client.send(request_bytes("GET", "/not-bytes"))
    try:
        assert client.response().status == 500
    except ConnectionError:
        pass  # the head was out already
    server.wait_log(r"^TypeError: .*")


# wsgi.file_wrapper


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "data"
    path.write_bytes(bytes(n * 11 % 253 for n in range(300_000)))
    return path


def test_file(client, file):
    assert client.request("GET", f"/file?file={file}").body == file.read_bytes()


@pytest.mark.ucorn_only
@pytest.mark.parametrize("offset", [1, 299_999, 300_000])
def test_file_from_an_offset_on(client, file, offset):
    answer = client.request("GET", f"/file?file={file}&offset={offset}")
    assert answer.body == file.read_bytes()[offset:]


@pytest.mark.ucorn_only
def test_file_that_was_read_from_before(client, file):
    """What counts is where the file object is, not how far its buffer read."""
    answer = client.request("GET", f"/file?file={file}&skip=10")
    assert answer.body == file.read_bytes()[10:]


@pytest.mark.ucorn_only
@pytest.mark.parametrize("offset, length", [(0, 300_000), (1000, 299_000), (0, 10), (5, 70_000)])
def test_file_with_a_length(client, file, offset, length):
    for _ in range(2):
        answer = client.request("GET", f"/file?file={file}&offset={offset}&length={length}")
        assert answer.get("Content-Length") == str(length)
        assert answer.body == file.read_bytes()[offset : offset + length]


def test_file_to_http_1_0(client, file):
    answer = client.request("GET", f"/file?file={file}", version="HTTP/1.0")
    assert answer.body == file.read_bytes()
    assert client.at_end()


def test_head_of_a_file(client, file):
    answer = client.request("HEAD", f"/file?file={file}&length=300000")
    assert (answer.get("Content-Length"), answer.body) == ("300000", b"")


def test_file_that_is_none(client):
    body = client.request("GET", "/memory").body
    assert len(body) == 20_000
    assert body[:1024] == body[1024:2048]


def test_file_that_decodes(client, tmp_path):
    """Its descriptor has other bytes than its read()."""
    path, content = tmp_path / "data.gz", b"plain " * 20_000
    path.write_bytes(gzip.compress(content))
    assert client.request("GET", f"/gzip?file={path}").body == content


# start_response


def test_second_start_response_is_an_error(server, client):
    assert client.request("GET", "/start-twice").status == 500
    server.wait_log(r"^AssertionError: Response headers already set!$")


@pytest.mark.ucorn_only
def test_exc_info_replaces_a_head_that_is_not_out(client):
    answer = client.request("GET", "/replaced")
    assert (answer.status, answer.text) == (503, "replaced")
    assert (answer.get("X-First"), answer.get("X-Second")) == (None, "yes")


def test_exc_info_is_raised_when_the_head_is_out(server, client):
    client.send(request_bytes("GET", "/too-late"))
    pieces = client.pieces(client.head())
    assert next(pieces) == b"first"
    with pytest.raises(Truncated):
        next(pieces)
    server.wait_log(r"^ValueError: came too late$")


def test_start_response_by_name(client):
    answer = client.request("GET", "/by-name")
    assert (answer.status, answer.get("X-By"), answer.text) == (202, "name", "by name")


@pytest.mark.ucorn_only
def test_no_start_response(client):
    assert client.request("GET", "/no-start").status == 500


def test_fields_go_out_as_given(client):
    query = "X-One=1&x-TWO=%20two%09&X-Latin=%E9&status=207+Multi-Status"
    answer = client.request("GET", f"/field?{query}")
    assert (answer.status, answer.reason) == (207, "Multi-Status")
    assert ("X-One", "1") in answer.fields
    assert ("x-TWO", "two") in answer.fields
    assert ("X-Latin", "\u00e9") in answer.fields


@pytest.mark.parametrize(
    "name", ["Server", "Date", "Connection", "Keep-Alive", "Transfer-Encoding"]
)
def test_fields_of_the_servers_are_dropped(client, name):
    answer = client.request("GET", f"/field?{name}=from-the-app")
    assert answer.status == 200
    assert "from-the-app" not in answer.all(name)


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "query",
    [
        "X-A=b%0D%0AX-Evil:+1",
        "X-A=b%0AX-Evil:+1",
        "X-A=b%0DX-Evil:+1",
        "X-A=b%00X-Evil",
        "X-A%0D%0AX-Evil=1",
        "X+Evil=1",
        "=X-Evil",
        "status=200+OK%0D%0AX-Evil:+1",
        "status=X-Evil",
        "status=2000+X-Evil",
        "Content-Length=-X-Evil",
    ],
)
def test_bad_heads_are_refused(server, client, query):
    answer = client.request("GET", f"/field?{query}")
    assert answer.status == 500
    assert b"X-Evil" not in answer.raw_head
    assert client.at_end()
    server.wait_log(rf"Error handling request GET /field\?{re.escape(query)}$")


# The rest.


def test_wsgi_errors_is_the_error_log(server, client):
    assert client.request("GET", "/errors").text == "errors"
    server.wait_log(r"^written to wsgi\.errors$")
    server.wait_log("^first line$\n^second line: \u00e9$")


def test_wsgiref_validator_is_content(serve, backend):
    server = serve("wsgiapp:validated", "-k", backend, "-w", "1")
    with server.connect() as client:
        assert client.request("POST", "/a?b", body=b"0123456789").text == "valid"
    assert server.get("/").text == "valid"
    server.stop()
    assert not re.search(r"Traceback|Error|without being closed", server.stderr)


@pytest.mark.needs("beside-streams")
@pytest.mark.keepalive
def test_context_variables_stay_with_their_request(serve, backend):
    """Streams that take turns in one worker: what a request has put into its
    context is there at each step, and nobody else's is."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    count, size = 40, 65536
    clients = [server.connect(receive_buffer=16384) for _ in range(4)]
    for number, client in enumerate(clients):
        client.send(request_bytes("GET", f"/context?id=context-{number}&count={count}&n={size}"))
    streams = [client.pieces(client.head()) for client in clients]
    bodies = [bytearray() for _ in clients]
    for turn in range(1, count + 1):
        for body, stream in zip(bodies, streams):
            while len(body) < turn * size:
                body += next(stream)
    for number, client in enumerate(clients):
        name = f"context-{number}"
        assert bodies[number] == name.encode().ljust(size, b".") * count
        assert next(streams[number], None) is None
        client.close()
        until(lambda: server.get(f"/closed?id={name}").text == "1", "close() saw its context")


def test_early_hints(server):
    with server.connect() as client:
        client.send(request_bytes("GET", "/early-hints"))
        hints = [client.head() for _ in range(2)]
        assert [(hint.status, hint.get("Link")) for hint in hints] == [(103, "</a>"), (103, "</b>")]
        assert client.response().text == "hinted"
        client.send(request_bytes("GET", "/early-hints", version="HTTP/1.0"))
        assert client.response().text == "hinted"
