"""Crowds of server-sent-event streams in one worker: all on time, and others are served."""

import time

import pytest

from support.crowd import raise_descriptor_limit
from support.figures import SANITIZED, rss_kib
from support.streams import streams

pytestmark = [pytest.mark.ucorn_only, pytest.mark.needs("pauses")]

#: Connections and what else a server or a client has open.
FILES = 4000

#: One after the other they would take minutes.
PATIENCE_S = 3


@pytest.fixture
def server(serve, backend):
    raise_descriptor_limit(FILES)
    return serve("waitapp:app", "-k", backend, "-w", "1", "--worker-connections", "3000")


def ask_hello(server, seconds):
    """One request after the other on a kept connection; gives how long each took."""
    taken_s = []
    end = time.monotonic() + seconds
    with server.connect() as client:
        while time.monotonic() < end:
            begun = time.monotonic()
            assert client.request("GET", "/").text == "hello"
            taken_s.append(time.monotonic() - begun)
            time.sleep(0.005)
    return sorted(taken_s)


def test_streams_are_on_time(server):
    """As they are when nobody waits for anybody; other machines are slower."""
    count, period, events = 300, 0.5, 4
    with streams(server, count, period, events) as finish:
        taken_s = ask_hello(server, period)
        found = finish()
    assert (found["incomplete"], found["events"]) == (0, count * events)
    assert found["max_late_s"] < PATIENCE_S
    assert taken_s[-1] < PATIENCE_S


@pytest.mark.full
@pytest.mark.skipif(SANITIZED, reason="a sanitized build's memory and time are others")
def test_two_thousand_streams(server, figure):
    count, period, events = 2000, 1, 20
    with streams(server, count, period, events) as finish:
        taken_s = ask_hello(server, period * (events - 4))
        memory_mib = rss_kib(server.workers()[0]) // 1024
        found = finish()
    p99_ms = 1000 * taken_s[len(taken_s) * 99 // 100]
    figure("streams", found)
    figure("RSS in MiB", memory_mib)
    figure("requests beside them, p99 in ms", round(p99_ms, 1))
    assert (found["incomplete"], found["events"]) == (0, count * events)
    assert found["max_late_s"] < period
    assert memory_mib < 200
    assert p99_ms < 20
