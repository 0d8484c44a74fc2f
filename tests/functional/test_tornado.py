"""The worker class tornado: applications of tornado's own, and WSGI ones in its loop."""

import contextlib
import os
import signal

import pytest

from support.rawhttp import request_bytes

pytestmark = [pytest.mark.ucorn_only]


@pytest.fixture
def native(serve):
    def one(*args, **options):
        return serve("tornadoapp:native", "-k", "tornado", "-w", "1", *args, **options)

    return one


@contextlib.contextmanager
def asking(server, target):
    with server.connect() as client:
        client.send(request_bytes("GET", target))
        yield client


def test_wsgi_applications_run_in_the_loop(serve):
    server = serve("tornadoapp:loop", "-k", "tornado", "-w", "1")
    assert "AsyncIO" in server.get("/").text


def test_native_applications_have_their_own_server(native):
    server = native()
    with server.connect() as client:
        answer = client.request("GET", "/")
        assert answer.text == "native"
        assert answer.get("Server").startswith("TornadoServer/")
        assert client.is_kept()
        with asking(server, "/slow?word=a") as slow:
            assert client.request("GET", "/go?word=a").status == 200
            assert slow.response().text == "slow"


def test_preloaded(native):
    server = native("--preload")
    assert server.get("/").text == "native"


def test_heartbeat(native):
    """Longer than the timeout, which one that served would not survive in silence."""
    server = native("--timeout", "1")
    workers = server.wait_workers(1)
    with asking(server, "/slow?word=a") as slow:
        with pytest.raises(TimeoutError):
            slow.socket.settimeout(1.6)
            slow.response()
    assert server.workers() == workers


def test_max_requests(native):
    server = native("--max-requests", "3")
    workers = server.wait_workers(1)
    for _ in range(3):
        assert server.get("/").text == "native"
    server.wait_workers(1, other_than=workers)
    server.wait_log("Autorestarting worker after current request.")
    assert server.get("/").text == "native"


def test_term_closes_what_is_idle_and_lets_finish_what_runs(native):
    server = native()
    with server.connect() as idle, asking(server, "/slow?word=a") as slow:
        assert idle.request("GET", "/").status == 200
        server.wait_log("^waiting$")
        with server.connect() as other:
            server.signal(signal.SIGTERM)
            assert idle.at_end()
            assert other.at_end()
        assert server.process.poll() is None
        # Nobody is let in any more who could end it.
        server.signal(signal.SIGQUIT)
    assert server.wait_exit() == 0


def test_graceful_timeout(native):
    server = native("--graceful-timeout", "1")
    with asking(server, "/slow?word=a") as slow:
        server.wait_log("^waiting$")
        server.signal(signal.SIGTERM)
        assert slow.at_end()
        assert server.wait_exit() == 0
    server.wait_log("1 connections did not finish within graceful_timeout")


def test_a_worker_that_leaves_finishes_what_runs(native):
    server = native()
    (worker,) = server.wait_workers(1)
    with asking(server, "/slow?word=a") as slow, server.connect() as keeper:
        server.wait_log("^waiting$")
        assert keeper.request("GET", "/").text == "native"
        fields = [("Content-Length", "1"), ("Expect", "100-continue")]
        keeper.send(request_bytes("POST", "/go?word=a", fields))
        assert keeper.head().status == 100  # that worker has it
        os.kill(worker, signal.SIGTERM)
        server.wait_workers(2)
        keeper.send(b"x")
        assert keeper.response().status == 200
        assert slow.response().text == "slow"
        assert slow.at_end()
    server.wait_workers(1, other_than=[worker])
