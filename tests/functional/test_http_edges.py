"""HTTP/1 on the wire, byte by byte where it matters."""

import re
import socket

import pytest

from support.rawhttp import Truncated, chunked, request_bytes


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    """One worker, so that its pid tells whether it lived on."""
    return serve_for_module("wsgiapp:app", "-k", backend, "-w", "1")


@pytest.fixture
def client(server):
    """A connection; afterwards the same worker still serves."""
    workers = server.workers()
    with server.connect() as connection:
        yield connection
    assert server.get("/").text == "hello"
    assert server.workers() == workers


def echo_request(body, fields=()):
    return request_bytes("POST", "/echo", fields=fields, body=body)


# Connections.


@pytest.mark.keepalive
def test_two_requests_on_one_connection(client):
    first = client.request("GET", "/")
    assert (first.text, first.get("Connection")) == ("hello", "keep-alive")
    second = client.request("GET", "/pid")
    assert second.status == 200


@pytest.mark.keepalive
def test_a_hundred_requests_on_one_connection(client):
    for n in range(100):
        assert client.request("GET", f"/anything?{n}").json()["QUERY_STRING"] == str(n)


@pytest.mark.ucorn_only
def test_pipelined_requests_are_answered_in_order(client):
    client.send(b"".join(request_bytes("GET", f"/show?{n}") for n in range(3)))
    assert [client.response().json()["QUERY_STRING"] for _ in range(3)] == ["0", "1", "2"]
    assert client.is_kept()


@pytest.mark.ucorn_only
def test_pipelined_posts(client):
    bodies = [b"first", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100_000, b""]
    client.send(b"".join(echo_request(body) for body in bodies))
    assert [client.response().json()[0].encode() for _ in bodies] == bodies


@pytest.mark.ucorn_only
def test_a_body_that_nobody_reads_is_skipped(client):
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    client.send(request_bytes("POST", "/", body=body) + request_bytes("GET", "/pid"))
    assert client.response("POST").text == "hello"
    assert client.response().text.isdigit()


def test_connection_close_is_obeyed(client):
    answer = client.request("GET", "/", fields=[("Connection", "close")])
    assert (answer.text, answer.get("Connection")) == ("hello", "close")
    assert client.at_end()


def test_http_1_0_closes(client):
    answer = client.request("GET", "/", version="HTTP/1.0")
    assert (answer.version, answer.text, answer.get("Connection")) == ("HTTP/1.0", "hello", "close")
    assert client.at_end()


def test_http_1_0_without_length_ends_with_the_connection(client):
    answer = client.request("GET", "/generator", version="HTTP/1.0")
    assert answer.get("Transfer-Encoding") is None
    assert answer.get("Content-Length") is None
    assert answer.text == "one,two"
    assert client.at_end()


@pytest.mark.keepalive
def test_http_1_0_with_keep_alive(client):
    for _ in range(2):
        fields = [("Connection", "keep-alive")]
        answer = client.request("GET", "/", fields=fields, version="HTTP/1.0")
        assert (answer.text, answer.get("Connection")) == ("hello", "keep-alive")


def test_half_closed_client_gets_its_answer(client):
    client.send(echo_request(b"the end"))
    client.socket.shutdown(socket.SHUT_WR)
    assert client.response("POST").json()[0] == "the end"
    assert client.at_end()


# How requests arrive.


def test_request_byte_by_byte(client):
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in echo_request(b"dribbled"):
        client.send(bytes([byte]))
    assert client.response("POST").json() == ["dribbled", ""]


def test_expect_100_continue(client):
    head, _, body = echo_request(b"asked first", [("Expect", "100-continue")]).partition(b"asked")
    client.send(head)
    interim = client.response()
    assert (interim.status, interim.fields) == (100, [])
    client.send(b"asked" + body)
    assert client.response("POST").json()[0] == "asked first"


@pytest.mark.ucorn_only
def test_expect_100_continue_is_ignored_for_http_1_0(client):
    fields = [("Expect", "100-continue")]
    client.send(request_bytes("POST", "/echo", fields=fields, body=b"old", version="HTTP/1.0"))
    answer = client.response("POST")
    assert (answer.status, answer.json()[0]) == (200, "old")


def test_chunked_body(client):
    client.send(request_bytes("POST", "/echo", fields=[("Transfer-Encoding", "chunked")]))
    client.send(chunked(b"one,", b"x" * 70_000, b",three"))
    assert client.response("POST").json() == ["one," + "x" * 70_000 + ",three", ""]


def test_chunk_extensions_and_trailers(client):
    client.send(request_bytes("POST", "/echo", fields=[("Transfer-Encoding", "chunked")]))
    client.send(b"4;name=value\r\nwiki\r\n5 ; q=\"a\"\r\npedia\r\n0\r\nX-Trailer: 1\r\n\r\n")
    assert client.response("POST").json() == ["wikipedia", ""]


@pytest.mark.ucorn_only
def test_request_behind_a_chunked_body(client):
    head = request_bytes("POST", "/echo", fields=[("Transfer-Encoding", "chunked")])
    client.send(head + chunked(b"body") + request_bytes("GET", "/pid"))
    assert client.response("POST").json() == ["body", ""]
    assert client.response().text.isdigit()


# What is refused: a few of each kind, of which other servers think alike; tests/http has
# all of them.

BAD_REQUESTS = {
    "no version": b"GET /\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n",
    "bad version": b"GET / HTTP/x.y\r\nHost: x\r\n\r\n",
    "bad method": b"GE{T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "bad name": b"GET / HTTP/1.1\r\nHost: x\r\nX(Y: z\r\n\r\n",
    "bad length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
}


def check_refused(client, status):
    answer = client.response()
    assert answer.status == status
    assert answer.get("Connection") == "close"
    assert answer.get("Content-Type").startswith("text/html")
    assert int(answer.get("Content-Length")) == len(answer.body)
    assert answer.reason.encode() in answer.body
    assert client.at_end()


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_malformed_request(client, name):
    client.send(BAD_REQUESTS[name])
    check_refused(client, 400)


@pytest.mark.ucorn_only
def test_nothing_behind_a_bad_request_is_run(client):
    client.send(BAD_REQUESTS["no colon"] + request_bytes("GET", "/"))
    check_refused(client, 400)


@pytest.mark.ucorn_only
def test_a_good_request_before_a_bad_one_is_answered(client):
    client.send(request_bytes("GET", "/") + BAD_REQUESTS["bad method"])
    assert client.response().text == "hello"
    check_refused(client, 400)


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "status, field", [(501, ("Transfer-Encoding", "snappy")), (417, ("Expect", "the-unexpected"))]
)
def test_unsupported(client, status, field):
    client.send(request_bytes("GET", "/", fields=[field]))
    check_refused(client, status)


def test_request_line_limit(client, server):
    """4094 bytes, not counting the line end."""

    def line(length):
        target = "/" + "x" * (length - len("GET / HTTP/1.1"))
        return request_bytes("GET", target, fields=[("Connection", "close")])

    client.send(line(4094))
    assert client.response().status == 200
    with server.connect() as second:
        second.send(line(4095))
        assert second.response().status in (400, 414)
        assert second.at_end()


@pytest.mark.ucorn_only
def test_field_size_limit(client, server):
    """8190 bytes, counting the line end."""

    def request(length):
        return request_bytes("GET", "/", fields=[("X", "x" * (length - len("X: \r\n")))])

    client.send(request(8190))
    assert client.response().status == 200
    with server.connect() as second:
        second.send(request(8191))
        check_refused(second, 431)


@pytest.mark.ucorn_only
def test_field_count_limit(client, server):
    """100 lines; Host is one of them."""

    def request(count):
        return request_bytes("GET", "/", fields=[(f"X-{n}", n) for n in range(count - 1)])

    client.send(request(100))
    assert client.response().status == 200
    with server.connect() as second:
        second.send(request(101))
        check_refused(second, 431)


# How responses are framed.


def test_response_head(client):
    answer = client.request("GET", "/")
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
    assert re.match(r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$", answer.get("Date"))
    assert answer.get("Server")
    assert answer.get("Content-Length") == "5"


def test_generator_is_chunked(client):
    answer = client.request("GET", "/generator")
    assert (answer.get("Transfer-Encoding"), answer.text) == ("chunked", "one,two")


@pytest.mark.ucorn_only
def test_finished_list_gets_a_length(client):
    answer = client.request("GET", "/list")
    assert (answer.get("Content-Length"), answer.text) == ("13", "one,two,three")
    assert client.is_kept()


@pytest.mark.keepalive
def test_bytes_beyond_the_length_are_cut(client):
    assert client.request("GET", "/too-long").text == "12345"
    assert client.is_kept()


@pytest.mark.ucorn_only
def test_the_log_tells_of_wrong_lengths(client, server):
    client.request("GET", "/too-long")
    server.wait_log(r"sends more than the 5 bytes .*GET /too-long")
    with pytest.raises(Truncated):
        client.request("GET", "/too-short")
    server.wait_log(r"sent 5 of the 10 bytes .*GET /too-short")


@pytest.mark.ucorn_only
def test_a_body_shorter_than_its_length_ends_the_connection(client):
    with pytest.raises(Truncated):
        client.request("GET", "/too-short")


@pytest.mark.ucorn_only
@pytest.mark.parametrize("target", ["/", "/list", "/generator", "/size?n=100000", "/empty"])
def test_head_has_no_body(client, target):
    answer = client.request("HEAD", target)
    assert (answer.status, answer.body) == (200, b"")
    assert client.is_kept()


@pytest.mark.ucorn_only
@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_body(client, status):
    answer = client.request("GET", f"/field?status={status.replace(' ', '+')}")
    assert (f"{answer.status} {answer.reason}", answer.body) == (status, b"")
    assert client.is_kept()


# Applications that fail.


def test_exception_gives_500_and_a_traceback(client, server):
    answer = client.request("GET", "/boom")
    assert (answer.status, answer.reason) == (500, "Internal Server Error")
    assert answer.get("Connection") == "close"
    assert int(answer.get("Content-Length")) == len(answer.body)
    assert b"<h1><p>Internal Server Error</p></h1>" in answer.body
    assert b"boom" not in answer.body
    assert client.at_end()
    server.wait_log(r"\[ERROR\] Error handling request (GET )?/boom$")
    server.wait_log(r"^Traceback \(most recent call last\):$")
    server.wait_log(r"^RuntimeError: boom was asked for$")


@pytest.mark.ucorn_only  # and gunicorn 26; 20.1 ends the worker
def test_exit_of_an_application_is_an_exception(serve, backend, tmp_path):
    (tmp_path / "exits.py").write_text("import sys\ndef app(environ, respond): sys.exit(7)\n")
    server = serve("exits:app", "-k", backend, cwd=tmp_path)
    before = server.workers()
    assert server.get("/").status == 500
    assert server.in_log(r"\[ERROR\] Error handling request GET /$", r"^SystemExit: 7$")
    assert server.workers() == before


@pytest.mark.ucorn_only  # and gunicorn 26; 20.1 says it at debug level
def test_bad_request_is_a_warning(client, server):
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nbad name: x\r\n\r\n")
    assert client.response().status == 400
    server.wait_log(r"\[WARNING\] Invalid request from ip=127\.0\.0\.1: \S")


def test_exception_after_the_head_cuts_the_response(client, server):
    client.send(request_bytes("GET", "/boom-late"))
    pieces = client.pieces(client.head())
    assert next(pieces) == b"first"
    with pytest.raises(Truncated):
        next(pieces)
    server.wait_log(r"^RuntimeError: boom after the head$")


@pytest.mark.ucorn_only
def test_body_limit(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--limit-request-body", "1000")
    with server.connect() as client:
        assert client.request("POST", "/echo", body=b"x" * 1000).status == 200
        assert client.request("POST", "/echo", body=b"x" * 1001).status == 413
        assert client.at_end()
    with server.connect() as client:
        fields = [("Transfer-Encoding", "chunked")]
        client.send(request_bytes("POST", "/echo", fields) + chunked(b"x" * 600, b"x" * 600))
        assert client.response().status == 413
