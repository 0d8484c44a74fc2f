"""USR2: the master that a server's own has started beside it."""

import os
import re
import signal
from pathlib import Path

from . import processes
from .waiting import until


class NewMaster:
    """It stays in the session of the server, so its end is looked after there."""

    def __init__(self, server, pid):
        self.server, self.pid = server, pid

    @property
    def title(self):
        return Path(f"/proc/{self.pid}/cmdline").read_bytes().rstrip(b"\0").decode()

    @property
    def parent(self):
        return processes.look(self.pid).parent

    def lives(self):
        found = processes.look(self.pid)
        return found is not None and found.state != "Z"

    def workers(self):
        found = processes.of_session(self.server.pid)
        return sorted(p.pid for p in found if p.parent == self.pid and p.state != "Z")

    def wait_workers(self, count, other_than=()):
        def settled():
            pids = self.workers()
            return pids if len(pids) == count and not set(pids) & set(other_than) else None

        return until(settled, f"{count} workers of the new master")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait_log(self, pattern):
        """A line that it has written itself."""
        return self.server.wait_log(rf"\[{self.pid}\] \[\w+\] {pattern}")

    def wait_promoted(self):
        self.wait_log(r"Master has been promoted\.$")

    def wait_gone(self):
        """For one whose old master has gone: it came to this process then."""

        def gone():
            processes.reap_orphans(self.server.pid)
            return not self.lives()

        until(gone, "the new master is gone")

    def stop(self):
        """The last one left of the server."""
        self.signal(signal.SIGTERM)
        until(lambda: not processes.reap_orphans(self.server.pid), "everything is gone")
        assert re.search(rf"\[{self.pid}\] \[INFO\] Shutting down: Master$", self.server.log, re.M)


def begin_upgrade(server, master=None):
    """Sends USR2 to the server, or to a later master of it; gives the new master, whatever
    becomes of it."""
    pattern = r"Starting a new master \(pid:(\d+)\)$"
    before = len(re.findall(pattern, server.log, re.M))
    os.kill(master.pid if master else server.pid, signal.SIGUSR2)
    found = until(
        lambda: re.findall(pattern, server.log, re.M)[before:], "the log has a new master"
    )
    return NewMaster(server, int(found[0]))


def upgrade(server, workers=1, master=None):
    """The same, and waits until it serves."""
    new = begin_upgrade(server, master)
    new.wait_log("Using worker: ")
    for pid in new.wait_workers(workers):
        server.wait_log(rf"\[{pid}\] \[INFO\] Booting worker")
    return new


def stop_old(server):
    """The server's own master leaves, a new one stays."""
    server.signal(signal.SIGTERM)
    code = server.wait_exit()
    assert code == 0, f"the master left with {code}"
