"""Request bodies that are streamed into the application, by --stream-request-body or
because --tmp-upload-limit is reached; and the folder where they are stored otherwise."""

import contextlib
import hashlib
import os
import re

import pytest

from support.backends import has
from support.rawhttp import chunked, request_bytes
from support.waiting import until

pytestmark = pytest.mark.ucorn_only

BODY = b"".join(b"line %d %s\n" % (n, b"x" * (n % 300)) for n in range(2000))
READING_ALL = ["/pieces", "/whole", "/lines", "/readline"]


@pytest.fixture(scope="module")
def streaming(serve_for_module):
    return serve_for_module(
        "readapp:app", "--stream-request-body", "--client-body-timeout", 5, "-w", 1
    )


def post_head(target, *fields):
    return request_bytes("POST", target, fields=fields)


def halves(body):
    return body[: len(body) // 2], body[len(body) // 2 :]


def assert_got(response, body):
    got = response.json()
    assert got["length"] == len(body)
    assert got["sha256"] == hashlib.sha256(body).hexdigest()
    return got


def calls(server):
    return server.log.count("called for")


@pytest.mark.parametrize("target", READING_ALL)
def test_application_is_called_before_the_body_has_come(streaming, target):
    before = calls(streaming)
    first, second = halves(BODY)
    with streaming.connect() as client:
        client.send(post_head(target, ("Content-Length", len(BODY))))
        client.send(first)
        until(lambda: calls(streaming) > before, "the application is called")
        client.send(second)
        got = assert_got(client.response("POST"), BODY)
        assert got["CONTENT_LENGTH"] == str(len(BODY))
        assert client.is_kept()


@pytest.mark.parametrize("target", READING_ALL)
def test_chunked(streaming, target):
    before = calls(streaming)
    wire = chunked(*[BODY[at : at + 700] for at in range(0, len(BODY), 700)])
    first, second = halves(wire)
    with streaming.connect() as client:
        client.send(post_head(target, ("Transfer-Encoding", "chunked")) + first)
        until(lambda: calls(streaming) > before, "the application is called")
        client.send(second)
        got = assert_got(client.response("POST"), BODY)
        # Applications that saw the coding would decode the body again.
        assert not got["CONTENT_LENGTH"] and not got["HTTP_TRANSFER_ENCODING"]
        assert client.is_kept()


def test_a_short_chunked_body_has_a_length(streaming):
    with streaming.connect() as client:
        client.send(post_head("/whole", ("Transfer-Encoding", "chunked")) + chunked(b"ab", b"c"))
        got = assert_got(client.response("POST"), b"abc")
        assert got["CONTENT_LENGTH"] == "3" and not got["HTTP_TRANSFER_ENCODING"]


@pytest.mark.parametrize("target", ["/some", "/nothing"])
def test_what_is_not_read_is_no_request(streaming, target):
    before = calls(streaming)
    hidden = request_bytes("GET", "/hidden")
    with streaming.connect() as client:
        client.send(post_head(target, ("Content-Length", 100000)) + b"0123456789" + hidden)
        response = client.response("POST")
        assert response.status == 200
        assert response.get("Connection") == "close"
        assert client.at_end()
    assert calls(streaming) == before + 1


def test_continue_is_sent_at_the_first_read(streaming):
    fields = [("Content-Length", 3), ("Expect", "100-continue")]
    with streaming.connect() as client:
        client.send(post_head("/nothing", *fields))
        assert client.response("POST").status == 200
        assert client.at_end()
    with streaming.connect() as client:
        client.send(post_head("/whole", *fields))
        assert client.head("POST").status == 100
        client.send(b"abc")
        assert_got(client.response("POST"), b"abc")


def test_malformed_bodies_are_the_clients_fault(streaming):
    with streaming.connect() as client:
        client.send(post_head("/whole", ("Transfer-Encoding", "chunked")) + b"3\r\nabcX")
        assert client.response("POST").status == 400
        assert client.at_end()


def test_a_client_that_goes_away_in_its_body(streaming):
    before = calls(streaming)
    with streaming.connect() as client:
        client.send(post_head("/whole", ("Content-Length", 1000)) + b"half")
        until(lambda: calls(streaming) > before, "the application is called")
    assert streaming.get("/nothing").status == 200


def test_a_silent_client_is_answered_408(serve):
    server = serve("readapp:app", "--stream-request-body", "--client-body-timeout", 1)
    with server.connect() as client:
        client.send(post_head("/whole", ("Content-Length", 1000)) + b"half")
        assert client.response("POST").status == 408
        assert client.at_end()


def test_refused_where_applications_cannot_wait(serve):
    server = serve("readapp:app", "-k", "event", "--stream-request-body", probe=None)
    assert server.wait_exit() == 1
    assert re.search("stream_request_body: .*event cannot wait", server.stderr)
    assert "Traceback" not in server.stderr


# The limit of all temporary files.

LIMITS = ["--client-body-buffer-size", "1k", "--tmp-upload-limit", "100k", "-w", 1]


def test_over_the_limit_of_files(serve, backend):
    server = serve("readapp:app", "-k", backend, *LIMITS)
    assert len(BODY) > 200_000
    first, second = halves(BODY)
    before = calls(server)
    with server.connect() as client:
        client.send(post_head("/lines", ("Content-Length", len(BODY))))
        client.send(first)
        if not has(backend, "streamed-bodies"):
            client.send(second)
            assert client.response("POST").status == 503
            server.wait_log("tmp_upload_limit is reached")
            assert calls(server) == before
        else:
            until(lambda: calls(server) > before, "the application is called")
            client.send(second)
            assert_got(client.response("POST"), BODY)
    # What was taken is given back.
    for _ in range(5):
        with server.connect() as client:
            response = client.request("POST", "/pieces", body=BODY[:90_000])
            assert_got(response, BODY[:90_000])


def test_chunked_bodies_over_the_limit_are_never_streamed_unasked(serve, backend):
    """Without CONTENT_LENGTH Django would take them for empty."""
    server = serve("readapp:app", "-k", backend, *LIMITS)
    before = calls(server)
    with server.connect() as client:
        client.send(post_head("/pieces", ("Transfer-Encoding", "chunked")) + chunked(BODY))
        assert client.response("POST").status == 503
    assert calls(server) == before


def test_a_killed_worker_gives_its_share_back(serve):
    server = serve("readapp:app", "-k", "event", *LIMITS)
    [worker] = server.workers()
    with server.connect() as client:
        client.send(post_head("/pieces", ("Content-Length", len(BODY))) + BODY[:90_000])
        until(lambda: temporary_files(worker), "the body is stored")
        os.kill(worker, 9)
        server.wait_workers(1, other_than=[worker])
    with server.connect() as client:
        assert_got(client.request("POST", "/pieces", body=BODY[:90_000]), BODY[:90_000])


def temporary_files(pid):
    """Paths of open files that have no name, on a disk."""
    folder = f"/proc/{pid}/fd"
    paths = []
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed in between
            paths.append(os.readlink(f"{folder}/{fd}"))
    return [path for path in paths if path.endswith(" (deleted)") and "/memfd:" not in path]


def test_the_folder_of_uploads(serve, backend, tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    server = serve("readapp:app", "-k", backend, "-w", 1, "--tmp-upload-dir", folder)
    [worker] = server.workers()
    with server.connect() as client:
        client.send(post_head("/pieces", ("Content-Length", len(BODY))) + BODY[:-1])
        until(lambda: temporary_files(worker), "the body is stored")
        assert all(path.startswith(f"{folder}/") for path in temporary_files(worker))
        assert not list(folder.iterdir())
        client.send(BODY[-1:])
        assert_got(client.response("POST"), BODY)
    until(lambda: not temporary_files(worker), "the file is gone")


def test_a_folder_that_is_none_is_refused(serve):
    server = serve("readapp:app", "--tmp-upload-dir", "/nowhere", probe=None)
    assert server.wait_exit() == 1
    assert "tmp_upload_dir: cannot write into /nowhere" in server.stderr


# The clocks.


@pytest.mark.parametrize(
    "option, sent",
    [
        ("--client-header-timeout", b"GET / HTTP/1.1\r\n"),
        ("--client-body-timeout", post_head("/whole", ("Content-Length", 9)) + b"half"),
    ],
)
def test_slow_requests_are_answered_408(serve, backend, option, sent):
    server = serve("readapp:app", "-k", backend, option, 1)
    with server.connect() as client:
        client.send(sent)
        assert client.response("POST").status == 408
        assert client.at_end()


def test_dribbled_bodies_are_answered_408(serve, backend):
    """Each byte comes in time, but they are too few."""
    server = serve(
        "readapp:app", "-k", backend, "--client-body-timeout", 1, "--client-body-min-rate", 1000
    )
    with server.connect() as client:
        client.send(post_head("/whole", ("Content-Length", 10000)))
        client.socket.settimeout(0.2)
        for _ in range(1000):
            try:
                client.send(b"x")
                response = client.response("POST")
                break
            except TimeoutError:
                continue
        assert response.status == 408
