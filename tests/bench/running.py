"""A server that runs: from its start until none of its processes is left."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile

from machine import TICKS_PER_SECOND
from servers import APPS, HERE, command_of

sys.path.append(str(HERE.parent / "functional"))

from support import processes  # noqa: E402
from support.rawhttp import Client, Truncated, Unanswered, request_bytes  # noqa: E402
from support.server import environ_with, free_port  # noqa: E402
from support.waiting import until  # noqa: E402

#: Seconds: a server under valgrind takes its time to start.
START_DEADLINE = 120
END_DEADLINE = 30


def end_by_sigterm():
    """Has SIGTERM unwind this program, so that its servers end, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))


class Failed(Exception):
    """The server did not do what it was started for."""


def request_of(workload, server=None):
    """The request's bytes."""
    target = (server and server.target) or workload.target
    body = workload.body or None
    return request_bytes(
        workload.method, target, fields=workload.fields, body=body, host="127.0.0.1"
    )


class Running:
    """with Running(server, workload) as running: it answers inside of the block.

    under: the words of a command that runs it, such as taskset.  All its processes are in a
    session of their own: at the end of the block those that SIGTERM has not ended are killed."""

    def __init__(self, server, workload, under=(), environ=None):
        self.workload = workload
        self.server = server
        self.port = free_port()
        self.command = [*under, *command_of(server, self.port, workload)]
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self.command, cwd=APPS, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=self._output,
            env=environ_with({"PYTHONPATH": str(APPS), **(environ or {})}),
        )  # fmt: skip
        self.session = self._process.pid

    def __enter__(self):
        try:
            until(self._answers, lambda: f"{shlex.join(self.command)} answers", START_DEADLINE)
        except BaseException as e:
            self.end()
            raise (Failed(str(e)) if isinstance(e, AssertionError) else e) from e
        return self

    def __exit__(self, *_exc):
        self.end()

    def connect(self):
        return Client(("127.0.0.1", self.port))

    def ask(self, client):
        """One request's response."""
        client.send(request_of(self.workload, self.server))
        return client.response(self.workload.method)

    def _must_run(self):
        if self._process.poll() is not None:
            raise Failed(f"{shlex.join(self.command)} has ended: {self.output()[-500:]}")

    def _answers(self):
        self._must_run()
        try:
            with self.connect() as client:
                return self.ask(client)
        except OSError:
            return None

    def output(self):
        self._output.seek(0)
        return self._output.read().decode(errors="replace").strip()

    def cpu_seconds(self):
        """User and system time of all its processes, those that have ended included."""
        return sum(map(_ticks, processes.of_session(self.session))) / TICKS_PER_SECOND

    def terminate(self):
        """Has it end by itself; the program itself is the one that is told, not what it is
        run by: strace keeps such signals from its child.  Raises Failed if it has ended
        already: then another one, on the same port, has answered."""
        self._must_run()
        told = self.session
        if self.command[0] == "strace":
            told = processes.children(self.session)[0]
        os.kill(told, self.server.stop)

    def wait_end(self):
        def is_over():
            self._process.poll()
            return not processes.of_session(self.session)

        until(is_over, "the server ends", END_DEADLINE)

    def end(self):
        with contextlib.suppress(subprocess.TimeoutExpired, Failed):
            self.terminate()
            self._process.wait(5)
        if processes.of_session(self.session):
            os.killpg(self.session, signal.SIGKILL)
        self._process.wait()
        self._output.close()


def _ticks(process):
    """Of the process and of its children that it has waited for."""
    try:
        with open(f"/proc/{process.pid}/stat", encoding="utf-8", errors="replace") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
    except (FileNotFoundError, ProcessLookupError):
        return 0


__all__ = [
    "Failed", "Running", "Truncated", "Unanswered", "end_by_sigterm", "environ_with", "request_of",
]  # fmt: skip
