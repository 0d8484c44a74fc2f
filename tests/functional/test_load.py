"""Signals under constant load: what a client gets while workers come and go."""

import os
import signal

import pytest

from support.load import CLIENTS, Load, begun
from support.waiting import until

pytestmark = pytest.mark.master

STEADY = 200  # answered requests that show that all goes on


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def server(serve, backend, journal):
    server = serve("loadapp:app", "-k", backend, "-w", "4", env={"LOAD_JOURNAL": str(journal)})
    server.wait_workers(4)
    return server


def test_load_alone(server, journal):
    with Load(server) as load:
        load.wait_answered(5 * STEADY)
    load.check_nothing_was_lost(journal)
    assert load.counts["retried"] == 0


def test_more_and_fewer_workers(server, journal):
    with Load(server) as load:
        for _ in range(2):
            load.wait_answered(STEADY)
            for _ in range(4):
                server.signal_and_wait(signal.SIGTTIN)
            server.wait_workers(8)
            load.wait_answered(STEADY)
            for _ in range(4):
                server.signal_and_wait(signal.SIGTTOU)
            server.wait_workers(4)
        load.wait_answered(STEADY)
    load.check_nothing_was_lost(journal)


def test_reloads(server, journal):
    with Load(server) as load:
        for _ in range(3):
            before = server.workers()
            load.wait_answered(STEADY)
            server.signal(signal.SIGHUP)
            server.wait_workers(4, other_than=before)
        load.wait_answered(STEADY)
    load.check_nothing_was_lost(journal)


def test_reloads_in_quick_succession(server, journal):
    before = server.workers()
    with Load(server) as load:
        for _ in range(5):
            server.signal(signal.SIGHUP)
            load.wait_answered(10)
        server.wait_workers(4, other_than=before)
        load.wait_answered(STEADY)
    load.check_nothing_was_lost(journal)


def test_workers_that_are_recycled(serve, backend, journal):
    args = ["-k", backend, "-w", "4", "--max-requests", "50", "--max-requests-jitter", "20"]
    server = serve("loadapp:app", *args, env={"LOAD_JOURNAL": str(journal)})
    with Load(server) as load:
        load.wait_answered(10 * STEADY)
        until(lambda: server.log.count("Autorestarting worker") >= 10, "ten had served enough")
    load.check_nothing_was_lost(journal)


def test_stop(server, journal):
    """What the server had started it also answers; the rest it never took."""
    with Load(server) as load:
        load.wait_answered(2 * STEADY)
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
    assert load.counts["truncated"] == load.counts["wrong"] == 0, load.problems[:10]
    unanswered = {name for name, _pid in begun(journal)} - load.answered_ids
    assert not unanswered, f"started, but not answered: {sorted(unanswered)[:10]}"


def test_killed_workers(server):
    """Only what a killed worker had in hand is lost."""
    kills = 4
    with Load(server) as load:
        for _ in range(kills):
            load.wait_answered(STEADY)
            victim = server.workers()[0]
            os.kill(victim, signal.SIGKILL)
            server.wait_workers(4, other_than=[victim])
        load.wait_answered(STEADY)
    assert load.counts["wrong"] == load.counts["refused"] == 0, load.problems[:10]
    assert len(load.problems) <= kills * CLIENTS
