"""What a server's processes hold open, by kind, and whether it grows.

Only workers take connections, and what they open comes and goes with what clients
do.  The master's descriptors do not: each that it keeps too long is there for ever,
and in all workers that it forks from then on.  So the master is compared with itself
after the start, and so is what a worker has in common with it: that also shows what
the master holds for one worker and lets the next one inherit.

For each worker the master has one file in memory, for its stacks if it hangs."""

import contextlib
import functools
import operator
import os
import stat
from collections import Counter

from . import processes
from .waiting import until

KINDS = {
    stat.S_IFSOCK: "socket", stat.S_IFIFO: "pipe", stat.S_IFREG: "file",
    stat.S_IFDIR: "folder", stat.S_IFCHR: "device",
}  # fmt: skip


def _kind(path, mode):
    target = os.readlink(path)
    if target.startswith("/memfd:ucorn-stacks"):
        return "stacks"
    return "memfd" if target.startswith("/memfd:") else KINDS.get(stat.S_IFMT(mode), target)


def held(pid):
    """The process's descriptors: for each the kind, and what tells the object behind
    it from others.  Nothing if it has ended."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):  # closed in between
                status = os.stat(entry.path)
                found.append((_kind(entry.path, status.st_mode), (status.st_dev, status.st_ino)))
    return found


def count(descriptors):
    return Counter(kind for kind, _object in descriptors)


class Holdings:
    """What a server held when it had started, to compare with."""

    def __init__(self, server):
        self._server = server
        master = held(server.pid)
        common = [self._common(master, pid) for pid in server.workers()]
        self._master = count(one for one in master if one[0] != "stacks")
        self._common_at_start = functools.reduce(operator.and_, common) if common else None
        if common:  # its own, also if it was forked behind the look at the master
            self._common_at_start["stacks"] = 1

    def check(self):
        """No more than at the start, or a test has declared it as server.opened; what
        is open for a moment only is waited for."""
        until(lambda: not self.grown(), lambda: f"closed again: {self.grown()}")

    def grown(self):
        """What is held by whom, in addition."""
        server, master = self._server, held(self._server.pid)
        stacks = Counter(stacks=len(server.workers()))
        found = {f"master {server.pid}": count(master) - self._master - server.opened - stacks}
        if self._common_at_start is not None:
            for pid in server.workers():
                common = self._common(master, pid)
                found[f"worker {pid}"] = common - self._common_at_start - server.opened
        return {who: dict(more) for who, more in found.items() if more}

    @staticmethod
    def _common(master, worker):
        """What the worker has of the master's; epolls and the like all are one object."""
        objects = {thing for kind, thing in master if not kind.startswith("anon_inode:")}
        return count(one for one in held(worker) if one[1] in objects)


def zombies(server):
    """Its dead that their parents have not reaped; what this process has adopted it reaps
    in the end."""
    found = processes.of_session(server.session)
    return [p for p in found if p.state == "Z" and p.parent != os.getpid()]
