"""PEP 3333 as the standard library understands it: applications of every kind
behind wsgiref's validator."""

import re

import pytest

from support.backends import has
from support.rawhttp import Truncated, chunked, request_bytes
from support.server import APPS, IS_UCORN

#: What the validator prints where it has nobody to raise an exception to counts too.
COMPLAINT = re.compile(r"AssertionError|WSGIWarning|without being closed")

BODY = b"first line\nsecond\n\nlast"


@pytest.fixture(scope="module", params=[(), ("--stream-request-body",)], ids=["stored", "streamed"])
def server(request, serve_for_module, backend):
    if request.param and not (IS_UCORN and has(backend, "streamed-bodies")):
        pytest.skip("the application cannot wait for a body there")
    server = serve_for_module("validatedapp:app", "-k", backend, "-w", "1", *request.param)
    yield server
    server.stop()
    assert not COMPLAINT.search(server.stderr), server.stderr


@pytest.fixture
def client(server):
    with server.connect() as connection:
        yield connection


def plain(answer):
    assert (answer.status, answer.get("Content-Type")) == (200, "text/plain")
    return answer.body


PIECES = ["as_list", "as_tuple_with_length", "as_generator", "as_late_generator", "written"]
PIECES += ["written_and_returned", "file_in_memory"]


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_pieces(client, name, version):
    assert plain(client.request("GET", f"/{name}?a=b", version=version)) == b"one,two"


@pytest.mark.parametrize("name", ["real_file", "file_in_blocks"])
def test_files(client, name):
    assert plain(client.request("GET", f"/{name}")) == (APPS / "validatedapp.py").read_bytes()


@pytest.mark.parametrize("name", [*PIECES, "real_file", "as_empty_list"])
def test_head(client, name):
    assert plain(client.request("HEAD", f"/{name}")) == b""


def test_nothing(client):
    assert plain(client.request("GET", "/as_empty_list")) == b""


@pytest.mark.parametrize("name, status", [("no_content", 204), ("not_modified", 304)])
def test_answers_without_a_body(client, name, status):
    assert client.request("GET", f"/{name}").status == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_methods(client, method):
    assert plain(client.request(method, "/as_list", fields=[("Cookie", "a=b")])) == b"one,two"


TARGETS = ["/", "//as_list", "/%61s_list?x=%ff&y#z", "http://localhost/as_list", "http://localhost"]


@pytest.mark.parametrize("target", TARGETS)
def test_targets(client, target):
    assert plain(client.request("GET", target)) == b"one,two"


READ = {
    "read": [BODY],
    "pieces": [BODY[start : start + 7] for start in range(0, len(BODY), 7)],
    "readline": BODY.splitlines(keepends=True),
    "readline5": [b"first", b" line", b"\n", b"secon", b"d\n", b"\n", b"last"],
    "readlines": BODY.splitlines(keepends=True),
    "readlines1": BODY.splitlines(keepends=True),
    "iterate": BODY.splitlines(keepends=True),
}


@pytest.mark.parametrize("how", READ)
def test_body_with_length(client, how):
    fields = [("Content-Type", "text/plain")]
    answer = client.request("POST", f"/read_body?{how}", fields=fields, body=BODY)
    assert plain(answer) == b"|".join(READ[how])


@pytest.mark.parametrize("how", READ)
def test_chunked_body(client, how):
    fields = [("Transfer-Encoding", "chunked")]
    client.send(request_bytes("POST", f"/read_body?{how}", fields=fields))
    client.send(chunked(BODY[:3], BODY[3:12], BODY[12:]))
    assert plain(client.response("POST")) == b"|".join(READ[how])


@pytest.mark.parametrize("how", READ)
def test_no_body(client, how):
    assert plain(client.request("GET", f"/read_body?{how}")) == b""


@pytest.mark.ucorn_only
def test_error_page_instead_of_the_answer(client):
    answer = client.request("GET", "/error_page")
    assert (answer.status, answer.reason, answer.body) == (500, "Oops", b"sorry")


def test_error_after_the_head(client):
    with pytest.raises(Truncated):
        client.request("GET", "/error_too_late")


def test_client_that_leaves(server, client):
    """The validator also notices an iterable that nobody closes."""
    client.send(request_bytes("GET", "/file_in_blocks"))
    client.reset()
    assert plain(server.get("/as_generator")) == b"one,two"


def test_wsgi_errors(server, client):
    assert plain(client.request("GET", "/complain")) == b"one,two"
    server.wait_log("^a word\ntwo words$")
