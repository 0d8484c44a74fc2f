"""Signals that change who serves, each waited for until it has taken effect.

The server runs with CONFIG, so that its log tells when a worker is ready, and
with a pidfile, which names the master."""

import os
import random
import re
import signal
import time
from pathlib import Path

from .server import APPS
from .waiting import DEADLINE, until

CONFIG = APPS / "stormconf.py"

READY = re.compile(r"Ready: worker (\d+) of (\d+)$", re.M)
LEAVES = re.compile(r"\[(\d+)\] \[INFO\] (?:Autorestarting worker after|Worker exiting)", re.M)


class Fleet:
    """A server and how many workers it was started with; master after master."""

    #: Of everything here: others share the machine.
    PATIENCE = 2 * DEADLINE

    def __init__(self, server, pidfile, workers):
        self.server, self.pidfile, self.workers = server, pidfile, workers

    def serving(self, master=None):
        """Workers that are ready and have not begun to leave."""
        server, log = self.server, self.server.log
        master = master or server.pid
        ready = {int(pid) for pid, parent in READY.findall(log) if int(parent) == master}
        return (ready - set(map(int, LEAVES.findall(log)))) & server.workers_of(master)

    def wait_serving(self, least=0, most=None, master=None):
        def enough():
            count = len(self.serving(master))
            return count >= least and (most is None or count <= most)

        until(enough, f"{least} to {most} workers of {master or 'the master'}", self.PATIENCE)

    # What may happen to it.

    def reload(self):
        """HUP, until nobody is left of those before, and the new ones are complete."""
        before = self.server.workers_of(self.server.pid)
        self.server.signal_and_wait(signal.SIGHUP)
        until(
            lambda: not before & self.server.workers_of(self.server.pid),
            f"{before} leave after HUP", self.PATIENCE,
        )  # fmt: skip
        self.wait_serving(self.workers)

    def more_and_fewer(self):
        self.server.signal_and_wait(signal.SIGTTIN)
        self.wait_serving(least=self.workers + 1)
        self.server.signal_and_wait(signal.SIGTTOU)
        self.wait_serving(most=self.workers)

    def upgrade(self):
        """USR2; when the new master's workers serve, TERM to the old one."""
        server, beside = self.server, Path(f"{self.pidfile}.2")
        server.signal_and_wait(signal.SIGUSR2)
        until(beside.exists, f"{beside} is there", self.PATIENCE)
        server.successor = int(beside.read_text())
        self.wait_serving(self.workers, master=server.successor)
        server.signal(signal.SIGTERM)
        code = server.wait_exit()
        assert code == 0, f"the old master left with {code}"
        until(
            lambda: not beside.exists() and self._named() == server.successor,
            f"{server.successor} is promoted", self.PATIENCE,
        )  # fmt: skip
        server.follow(server.successor)

    def storm(self, seconds=0, **deeds):
        """So many of each of these, named as the methods, in an order that is always the
        same; all of it again until the seconds are over."""
        order = [name for name, count in deeds.items() for _ in range(count)]
        random.Random(len(order)).shuffle(order)
        end = time.monotonic() + seconds
        while True:
            for name in order:
                getattr(self, name)()
            if time.monotonic() >= end:
                return

    def _named(self):
        """Whom the pidfile names: nobody while it changes hands."""
        return self.pidfile.exists() and int(self.pidfile.read_text())
