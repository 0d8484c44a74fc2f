"""environ['ucorn.wait'], wherever the application runs: it waits for a descriptor or a time."""

import errno

import pytest

pytestmark = pytest.mark.ucorn_only


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("waitapp:app", "-k", backend, "-w", "1")


@pytest.mark.parametrize("query", ["s=0.05", "s=0.1&busy=0.2", "s=0"])
def test_a_time(server, query):
    """From the call on, whatever the worker did before it."""
    seconds = float(query.split("&")[0][2:])
    ready, taken = server.get(f"/timed?{query}").json()
    assert ready is False
    assert seconds <= taken


def test_a_descriptor(server):
    expected = [False, False, True, True, True, True, True]
    assert server.get("/descriptors").json() == expected


def test_mistakes(server):
    kinds = ["TypeError"] * 3 + ["ValueError"] * 3 + ["TypeError"] + ["ValueError"] * 2
    assert server.get("/mistakes").json() == [*kinds, "TypeError", errno.EBADF]


def test_what_is_not_waited_for_does_nothing(server):
    assert server.get("/dropped").text == "dropped"


def test_a_thread_of_the_application_waits_itself(server):
    ready, taken = server.get("/in_thread").json()
    assert ready is False
    assert taken >= 0.05


def test_streams_get_their_pieces(server):
    assert server.get("/paused").text == "one,two"


def test_a_stream_ends_with_the_head_if_nothing_else_is_sent(server):
    with server.connect() as client:
        assert client.request("HEAD", "/ticks?period=60&count=1000").status == 200
        assert client.is_kept()
