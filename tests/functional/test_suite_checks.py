"""What the suite looks for after each test is found when it is there."""

import os
import signal
from collections import Counter

import pytest

from support.descriptors import zombies
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.unsanitized]

APPLICATION = """
import os

def app(environ, start_response):
    if environ["PATH_INFO"] == "/zombie" and os.fork() == 0:
        os._exit(0)
    if environ["PATH_INFO"] == "/reap":
        os.wait()
    start_response("200 OK", [])
    return [b"hello"]
"""

OPENS = {
    "socket": "socket.socket()", "pipe": "os.pipe()", "memfd": "os.memfd_create('held')",
    "file": "open(__file__)", "device": "open('/dev/null')", "folder": "os.open('/', os.O_RDONLY)",
    "anon_inode:[eventpoll]": "select.epoll()",
}  # fmt: skip


@pytest.fixture
def start(serve, tmp_path):
    def start(*lines, workers=1):
        (tmp_path / "forks.py").write_text(APPLICATION)
        config = ["import os, select, socket", "held = []", *lines]
        (tmp_path / "conf.py").write_text("\n".join(config))
        server = serve("forks:app", "-c", "conf.py", "-w", workers, cwd=tmp_path)
        server.wait_workers(workers)
        return server

    return start


def renew(server):
    """Each worker is forked anew; the configuration stays as it was read."""
    before = server.workers()
    for pid in before:
        os.kill(pid, signal.SIGTERM)
    server.wait_workers(len(before), other_than=before)


def wait_grown(server, what):
    until(lambda: server.holdings.grown() == what, lambda: f"{what}: {server.holdings.grown()}")


@pytest.mark.parametrize("kind", OPENS)
def test_descriptors_pile_up_in_the_master(start, kind):
    server = start("def pre_fork(server, worker):", f"    held.append({OPENS[kind]})")
    server.holdings.check()
    renew(server)
    each = 2 if kind == "pipe" else 1
    (worker,) = server.workers()
    more = {kind: each}
    expected = {f"master {server.pid}": more}
    if not kind.startswith("anon_inode:"):  # where the worker's cannot be told from its own
        expected[f"worker {worker}"] = more
    wait_grown(server, expected)
    server.opened = Counter(more)
    server.holdings.check()


def test_workers_inherit_what_is_for_others(start):
    """The master keeps something for each worker, and gives it back: it does not grow."""
    server = start(
        "held = {}",
        "def pre_fork(server, worker):",
        "    held[worker.age] = os.memfd_create('for one')",
        "def child_exit(server, worker):",
        "    os.close(held.pop(worker.age))",
        workers=2,
    )
    renew(server)
    until(lambda: [*server.holdings.grown().values()] == [{"memfd": 1}], "one file too many")
    server.opened["memfd"] = 1


def test_zombies(start):
    server = start()
    assert zombies(server) == []
    server.get("/zombie")
    until(lambda: len(zombies(server)) == 1, "a zombie")
    server.get("/reap")
    assert zombies(server) == []
