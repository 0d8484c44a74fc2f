"""What a server costs before it does anything: memory and the time until it serves, beside
gunicorn's and beside an embedded interpreter that does nothing.  -s shows the figures."""

import contextlib
import re
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from support import processes
from support.figures import SANITIZED, wait_idle
from support.gunicorn import Gunicorn, needs_gunicorn
from support.server import APPS, BINARY, PYTHON, Server, environ_with
from support.waiting import until

pytestmark = [
    pytest.mark.full,
    pytest.mark.ucorn_only,
    needs_gunicorn,
    pytest.mark.skipif(SANITIZED, reason="a sanitized build's memory and time are others"),
]

WORKERS = 4
BARE = BINARY.parent / "tests/bare_python"

#: Tells which modules there are before the forks, and which in a worker that is ready.
TELLING = """
import sys
def tell(name):
    own = ("ucorn", "gunicorn", "__")
    names = [name for name in list(sys.modules) if not name.startswith(own)]
    open({folder!r} + "/" + name, "w").write("\\n".join(names))
def when_ready(server): tell("before")
def post_worker_init(worker): tell("all")
"""


def rollup_kib(pid, name):
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M)[1])


def pss_kib(pids):
    """Shared memory counts as the share of each."""
    return sum(rollup_kib(pid, "Pss") for pid in pids)


def all_of(server):
    """When they have booted; nobody has asked them anything yet."""
    pids = [server.pid, *server.wait_workers(WORKERS)]
    for pid in pids:
        wait_idle(pid)
    return pids


@contextlib.contextmanager
def bare(folder):
    """The interpreter that does nothing, with the same modules; gives its processes."""
    command = [BARE, PYTHON, str(WORKERS), folder / "before", folder / "after", APPS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env=environ_with(None),
    ) as process:  # fmt: skip
        for _ in range(WORKERS):
            assert process.stdout.readline() == "ready\n"
        yield [p.pid for p in processes.of_session(process.pid)]
        process.stdin.close()


def note_modules(serve, folder, *args, app="flaskapp:app"):
    """Which modules there are in ucorn's master and only in its workers."""
    (folder / "tell.py").write_text(TELLING.format(folder=str(folder)))
    server = serve(app, "-c", folder / "tell.py", *args)
    server.stop()
    before, all_names = ((folder / name).read_text().split("\n") for name in ("before", "all"))
    (folder / "after").write_text("\n".join(name for name in all_names if name not in before))


@pytest.mark.parametrize(
    "args, limit", [([], 1.05), (["--preload"], 1.15)], ids=["imported", "preloaded"]
)
def test_memory(serve, tmp_path, figure, args, limit):
    """No more than a little above what four workers cost that do nothing."""
    note_modules(serve, tmp_path, *args)
    ours = serve("flaskapp:app", "-w", WORKERS, *args, probe=None)
    work = tmp_path / "gunicorn"
    work.mkdir()
    theirs = Gunicorn.start(work, "flaskapp:app", "-w", WORKERS, *args, probe=None)
    try:
        with bare(tmp_path) as bare_pids:
            kib = {
                "ucorn": pss_kib(all_of(ours)),
                "gunicorn": pss_kib(all_of(theirs)),
                "bare": pss_kib(bare_pids),
            }
    finally:
        theirs.finish()
    figure("PSS in KiB", kib)
    figure("times bare", round(kib["ucorn"] / kib["bare"], 3))
    assert kib["ucorn"] <= limit * kib["bare"]
    assert kib["ucorn"] < kib["gunicorn"]


def worker_of(server):
    (pid,) = server.wait_workers(1)
    wait_idle(pid)
    return pid


def ask(server, times):
    with server.connect() as client:
        for _ in range(times):
            assert client.request("GET", "/").status == 200


def test_what_a_worker_has_for_itself(serve, tmp_path, figure, backend):
    """Beyond an interpreter that does nothing, when it has answered a thousand requests."""
    note_modules(serve, tmp_path, "-k", backend, app="wsgiapp:app")
    server = serve("wsgiapp:app", "-k", backend)
    ask(server, 1000)
    with bare(tmp_path) as (_parent, *children):
        own = rollup_kib(worker_of(server), "Private_Dirty")
        least = min(rollup_kib(pid, "Private_Dirty") for pid in children)
    figure("Private_Dirty in KiB", {"ucorn": own, "bare": least})
    assert own - least < 2048


def test_what_an_idle_connection_holds(serve, figure, backend):
    server = serve("wsgiapp:app", "-k", backend, "--worker-connections", 5000, "--keep-alive", 60)
    worker = worker_of(server)
    count = 2000
    with contextlib.ExitStack() as stack:
        for _ in range(200):  # what a worker keeps for requests
            ask(server, 1)
        before = rollup_kib(worker, "Private_Dirty")
        for _ in range(count):
            client = stack.enter_context(server.connect())
            assert client.request("GET", "/").status == 200
        wait_idle(worker)
        held = (rollup_kib(worker, "Private_Dirty") - before) * 1024 / count
        figure("bytes per idle connection", round(held))
        assert held < 2048


def seconds_to_answer(work, kind):
    """From exec to the first answer."""
    work.mkdir()
    begun = time.monotonic()
    server = kind.start(work, "wsgiapp:app", "-w", 1)
    taken = time.monotonic() - begun
    server.finish()
    return taken


def test_time_to_the_first_answer(tmp_path, figure):
    """At most half of gunicorn's."""
    taken = {
        kind: [seconds_to_answer(tmp_path / f"{kind.__name__}{n}", kind) for n in range(7)]
        for kind in (Server, Gunicorn)
    }
    ours, theirs = (statistics.median(taken[kind]) for kind in (Server, Gunicorn))
    figure("seconds to the first answer", {"ucorn": round(ours, 3), "gunicorn": round(theirs, 3)})
    assert ours <= theirs / 2


def test_memory_is_given_back(serve, figure):
    """A reload's workers share as much with the master as the first ones did."""
    server = serve("flaskapp:app", "-w", 1, "--preload")
    sizes = []
    for _ in range(4):
        before = server.workers()
        sizes.append(pss_kib([server.pid, *before]))
        server.signal(signal.SIGHUP)
        server.wait_workers(1, other_than=before)
        until(lambda: len(server.workers()) == 1, "the old one has gone")
    figure("PSS in KiB after each reload", sizes)
    assert sizes[-1] <= 1.1 * sizes[0]
