"""Workers that die, at any moment, and a master that is sent whatever there is."""

import collections
import contextlib
import os
import random
import re
import signal
import threading
import time

import pytest

from support import processes
from support.descriptors import held
from support.load import Load, begun
from support.server import PLAIN_DEATHS
from support.waiting import until

pytestmark = pytest.mark.master

STEADY = 200  # answered requests that show that all goes on

DEADLY = [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]


#: What asyncio says about a loop whose making SIGABRT has interrupted.
HALF_A_LOOP = r"(?<=Exception ignored in: <function BaseEventLoop\.__del__ )(?:.*\n)+?AttributeError.*"


def check_log(server):
    """Deaths are reported, but nothing went wrong about them: the only exception is the one
    by which SIGABRT ends Python code, of the server's too."""
    log = re.sub(HALF_A_LOOP, "", server.log)
    tracebacks = re.findall(r"^Traceback .*\n(?: .*\n|\n)*(\S.*)$", log, re.M)
    assert set(tracebacks) <= {"SystemExit: 1"}
    assert len(tracebacks) == log.count("Traceback")


# Under load.


def connections(server, pid):
    """How many a worker has: sockets that it does not share with the master."""
    shared = {thing for _kind, thing in held(server.pid)}
    return sum(kind == "socket" and thing not in shared for kind, thing in held(pid))


def kill_in_the_act(server, victim):
    """SIGKILL; returns how many connections the worker had in that moment."""
    with processes.stopped(victim):
        had = connections(server, victim)
        os.kill(victim, signal.SIGKILL)
    return had


def unfinished(load, journal):
    """The workers of requests that were begun without an answer coming of it: when a
    request was repeated, the last time counts."""
    workers = collections.defaultdict(list)
    for name, pid in begun(journal):
        workers[name].append(pid)
    for name in load.answered_ids:
        workers[name].pop()
    return [pid for pids in workers.values() for pid in pids]


def test_kill_under_load(serve, backend, tmp_path, figure):
    """At most the connections that a killed worker had end without an answer, or have
    to be repeated; of those requests at most one, the one that it was running, was begun.
    Whatever it had not accepted, and what others have, is answered."""
    journal, had = tmp_path / "journal", 0
    server = serve("loadapp:app", "-k", backend, "-w", "8", env={"LOAD_JOURNAL": str(journal)})
    victims = server.wait_workers(8)
    with Load(server) as load:
        for number, victim in enumerate(victims):
            load.wait_answered(STEADY)
            had += kill_in_the_act(server, victim)
            server.wait_workers(8, other_than=victims[: number + 1])
        load.wait_answered(STEADY)
    lost = load.counts["unanswered"] + load.counts["truncated"]
    for name in ("answered", "unanswered", "truncated", "retried"):
        figure(name, load.counts[name])
    figure("connections of killed workers", had)
    assert load.counts["wrong"] == load.counts["refused"] == 0, load.problems[:10]
    assert lost + load.counts["retried"] <= had
    begun_in_vain = collections.Counter(unfinished(load, journal))
    assert set(begun_in_vain) <= set(victims)
    assert max(begun_in_vain.values(), default=0) <= 1
    check_log(server)


# What the log says.


@pytest.mark.ucorn_only  # and gunicorn 26
@pytest.mark.parametrize(
    "name, line",
    [
        ("KILL", r"\[ERROR\] Worker \(pid:{pid}\) was sent SIGKILL! Perhaps out of memory\?$"),
        ("ALRM", r"\[WARNING\] Worker \(pid:{pid}\) was sent SIGALRM!$"),
    ],
)
def test_signal_that_ended_a_worker_is_named(serve, name, line):
    server = serve("wsgiapp:app")
    (worker,) = server.wait_workers(1)
    os.kill(worker, signal.Signals[f"SIG{name}"])
    server.wait_workers(1, other_than=[worker])
    server.wait_log(line.format(pid=worker))


@pytest.mark.ucorn_only  # and gunicorn 26
def test_term_before_there_is_a_handler(serve, tmp_path):
    """It has its default effect then, which is what was wanted."""
    config = tmp_path / "conf.py"
    config.write_text(
        "import os, signal\ndef post_fork(server, worker):\n"
        "    if worker.age == 1: os.kill(worker.pid, signal.SIGTERM)\n"
    )
    server = serve("wsgiapp:app", "-c", config)
    first = server.wait_log(r"\[INFO\] Worker \(pid:(\d+)\) was sent SIGTERM!$")[1]
    assert first not in map(str, server.workers())


# During the boot.


def kill_young(server, known, number, dice):
    """Waits for a worker that is not known and ends it, at once or a little later."""

    def young():
        assert server.exit_code() is None, f"the master has left with {server.exit_code()}"
        return sorted({*server.workers()} - known)

    victim = dice.choice(until(young, "there is a new worker", pause=0))
    time.sleep(dice.choice([0, dice.uniform(0, 0.1)]))  # it should be any moment of its boot
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, number)
    known.add(victim)


@pytest.mark.parametrize("number", DEADLY)
def test_deaths_during_reloads(serve, backend, number):
    server = serve("wsgiapp:app", "-k", backend, "-w", "4", env=PLAIN_DEATHS)
    dice, known = random.Random(1), {*server.wait_workers(4)}
    for _ in range(10):
        known.update(server.workers())
        server.signal_and_wait(signal.SIGHUP)
        for _ in range(dice.randint(1, 4)):
            kill_young(server, known, number, dice)
    server.wait_workers(4, other_than=known)
    assert server.get("/").text == "hello"
    check_log(server)


@pytest.mark.ucorn_only
@pytest.mark.parametrize("number", DEADLY)
def test_deaths_at_the_first_start(serve, backend, number):
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", env=PLAIN_DEATHS, probe=None)
    dice, dead = random.Random(2), set()
    for _ in range(5):
        kill_young(server, dead, number, dice)
    server.wait_workers(2, other_than=dead)
    assert server.wait_answer().text == "hello"
    check_log(server)


ABORTS = """
import os, signal, sys

def meanwhile(frame, event, argument):
    if event == "call" and frame.f_code.co_name == {function!r} and not os.path.exists("done"):
        open("done", "w").close()
        os.kill(os.getpid(), signal.SIGABRT)

sys.setprofile(meanwhile)

def app(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]
"""


@pytest.mark.ucorn_only
@pytest.mark.parametrize("function", ["judge", "news"])
def test_abort_in_the_boots_own_python(serve, backend, tmp_path, function):
    """After the import of the application some Python runs that is the server's; a
    worker that is aborted in there is no application that cannot be imported."""
    (tmp_path / "aborts.py").write_text(ABORTS.format(function=function))
    server = serve("aborts:app", "-k", backend, cwd=tmp_path, probe=None)
    until((tmp_path / "done").exists, "the first worker was aborted")
    assert server.wait_answer().text == "hello"


# Signals to the master.

RANDOM = ["HUP", "USR1", "WINCH", "TTIN", "TTOU", "CHLD"]


def wanted_workers(log, at_start):
    """What the master wants after all that it says it has handled."""
    wanted = at_start
    for name in re.findall(r"Handling signal: (\w+)$", log, re.M):
        if name == "hup":
            wanted = at_start
        elif name in ("ttin", "ttou"):
            wanted = max(1, wanted + (1 if name == "ttin" else -1))
    return wanted


def fire(server, names, seed, bursts=20, each=50):
    dice = random.Random(seed)
    for _ in range(bursts):
        for name in dice.choices(names, k=each):
            server.signal(signal.Signals[f"SIG{name}"])
        assert server.get("/").text == "hello"


def check_sane(server, at_start):
    """It has as many workers as it should, and takes further orders."""
    # What was sent before is handled before this one, which another may have been merged with.
    for _ in range(2):
        server.signal_and_wait(signal.SIGUSR1)
    until(
        lambda: len(server.workers()) == wanted_workers(server.log, at_start),
        lambda: f"{wanted_workers(server.log, at_start)} workers, not {server.workers()}",
    )
    before = server.workers()
    server.signal_and_wait(signal.SIGHUP)
    server.wait_workers(at_start, other_than=before)
    server.signal_and_wait(signal.SIGTTIN)
    server.wait_workers(at_start + 1)
    assert server.get("/").text == "hello"
    assert not re.search(r"Traceback|\[(ERROR|CRITICAL)\]", server.log)
    server.stop()


def test_a_thousand_random_signals(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "4")
    fire(server, RANDOM, seed=3)
    check_sane(server, 4)


def test_signals_from_several_senders(serve, backend):
    """TTIN and TTOU from all sides: how many of them merge is the kernel's business."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "2")
    senders = [
        threading.Thread(target=fire, args=(server, ["TTIN", "TTOU"], seed, 10, 25))
        for seed in range(4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    check_sane(server, 2)
