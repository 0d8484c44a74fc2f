"""The processes of a server under test.

Each server is started as the leader of a session of its own, and what it forks
stays in that session even when its parent dies.  So one look through /proc
finds every process that a server ever left behind, zombies included."""

import contextlib
import ctypes
import os
import signal
from typing import NamedTuple

from .waiting import until

PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    pid: int
    state: str
    parent: int
    session: int


def adopt_orphans():
    """Orphans come to this process, not to init, which in a container may be
    something that never reaps: then a dead orphan would look like a leak."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def look(pid):
    """The process of that pid, or None."""
    try:
        # Unbuffered, and without pathlib: every test looks at every process, several times.
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            text = file.read().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything, even ") ".
    state, parent, _group, session = text.rpartition(")")[2].split()[:4]
    return Process(int(pid), state, int(parent), int(session))


@contextlib.contextmanager
def stopped(pid):
    """The process does nothing meanwhile, whatever it is told, and does it all afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: look(pid).state == "T", f"{pid} is stopped")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def of_session(leader):
    """All processes of a session, zombies included."""
    found = (look(name) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process and process.session == leader]


def children(pid, session=None):
    """The pids of a process's living children in that session, its own if it leads one,
    oldest first."""
    found = of_session(session or pid)
    return sorted(p.pid for p in found if p.parent == pid and p.state != "Z")


def adopted_exit_code(pid):
    """How a process ended that came to this one when its parent had died; None: it
    lives, or its parent does."""
    try:
        reaped, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if reaped else None


def reap_orphans(leader):
    """Takes the exit status of the session's dead that came to this process;
    returns those processes of the session that are still there."""
    left = []
    for process in of_session(leader):
        if process.state == "Z" and process.parent == os.getpid():
            os.waitpid(process.pid, 0)
        else:
            left.append(process)
    return left
