"""environ['ucorn.wait'] where it costs no thread: the server waits for what the application does."""

import contextlib
import signal
import socket

import pytest

from support.figures import wait_idle
from support.rawhttp import Truncated, request_bytes
from support.server import FUNCTIONAL
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.needs("pauses")]

EXAMPLE = FUNCTIONAL.parents[1] / "examples/events"


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("waitapp:app", "-k", backend, "-w", "1")


@contextlib.contextmanager
def awaiting(server, name, **options):
    """A client whose response waits until it is told something; and the rest of its pieces."""
    with server.connect() as client:
        query = "".join(f"&{key}={value}" for key, value in options.items())
        client.send(request_bytes("GET", f"/awaiting?id={name}{query}"))
        pieces = client.pieces(client.head())
        assert next(pieces) == b"waiting"
        yield client, pieces


def wait_closed(server, name):
    until(lambda: server.get(f"/closed?id={name}").text == "1", "the generator is closed")


def test_others_are_served_and_each_has_its_context(server):
    names = ["one", "two", "three"]
    with contextlib.ExitStack() as stack:
        all_pieces = {name: stack.enter_context(awaiting(server, name))[1] for name in names}
        assert server.get("/").text == "hello"
        assert server.get("/timed?s=0.01").json()[0] is False
        for name in reversed(names):
            server.get(f"/tell?id={name}")
            assert list(all_pieces[name]) == [f"{name} True".encode()]
            wait_closed(server, name)


def test_whichever_comes_first(server):
    with awaiting(server, "first", s=0.05) as (_client, pieces):
        assert list(pieces) == [b"first False"]


def test_steps_by_hand(server):
    empty, not_yet, already, ready, rest = server.get("/by_hand").json()
    assert (empty, ready, rest) == ("", False, [])
    assert "has to reach the server" in not_yet
    assert "waits already" in already


def test_close_cannot_wait(server):
    assert server.get("/AtTheEnd").text == "end"
    server.wait_log(r"^RuntimeError: ucorn\.wait: no application runs that could wait$")


def test_a_reset_ends_a_pause(server):
    with awaiting(server, "reset") as (client, _pieces):
        client.reset()
        wait_closed(server, "reset")


def test_a_reset_behind_the_clients_end_is_noticed_too(server):
    with awaiting(server, "half") as (client, _pieces):
        client.socket.shutdown(socket.SHUT_WR)
        wait_idle(server.workers()[0])
        client.reset()
        wait_closed(server, "half")


def test_close_of_a_unix_socket_ends_a_pause(serve, backend, tmp_path):
    server = serve("waitapp:app", "-k", backend, bind=[f"unix:{tmp_path}/socket"])
    with awaiting(server, "unix") as (client, _pieces):
        client.close()
        wait_closed(server, "unix")


def test_a_half_closed_client_gets_its_answer(server):
    with awaiting(server, "answered") as (client, pieces):
        client.socket.shutdown(socket.SHUT_WR)
        wait_idle(server.workers()[0])
        server.get("/tell?id=answered")
        assert list(pieces) == [b"answered True"]


def test_the_next_request_waits_meanwhile(server):
    with awaiting(server, "pipelined") as (client, pieces):
        client.send(request_bytes("GET", "/"))
        wait_idle(server.workers()[0])
        server.get("/tell?id=pipelined")
        assert list(pieces) == [b"pipelined True"]
        assert client.response().text == "hello"


def test_request_timeout_counts(serve, backend):
    server = serve("waitapp:app", "-k", backend, "--request-timeout", "1")
    with awaiting(server, "late") as (_client, pieces):
        with pytest.raises(Truncated):
            next(pieces)
    server.wait_log(r"\[ERROR\] Request timeout: GET /awaiting\?id=late ")
    wait_closed(server, "late")


def test_a_stop_waits_for_it(serve, backend):
    server = serve("waitapp:app", "-k", backend)
    with awaiting(server, "stop", s=0.5) as (_client, pieces):
        server.signal_and_wait(signal.SIGTERM)
        assert list(pieces) == [b"stop False"]
    assert server.wait_exit() == 0


def test_a_stop_does_not_wait_longer_than_graceful_timeout(serve, backend):
    server = serve("waitapp:app", "-k", backend, "--graceful-timeout", "1")
    with awaiting(server, "cut") as (_client, pieces):
        server.stop()
        with pytest.raises((Truncated, ConnectionResetError)):
            next(pieces)
    server.wait_stdout("^closed cut$")


def test_the_example(serve, backend):
    server = serve("events:app", "-k", backend, cwd=EXAMPLE)
    with server.connect() as client:
        client.send(request_bytes("GET", "/events"))
        head = client.head()
        assert head.get("Content-Type") == "text/event-stream"
        pieces = client.pieces(head)
        assert next(pieces).startswith(b"event: time\ndata: ")
        with server.connect() as other:
            assert other.request("POST", "/say", body="hello\nall \u20ac".encode()).status == 204
        said = next(piece for piece in pieces if piece.startswith(b"event: said\n"))
        assert said.decode() == "event: said\ndata: hello\ndata: all \u20ac\n\n"
        client.reset()
