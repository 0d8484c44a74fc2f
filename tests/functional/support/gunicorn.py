"""Debian's gunicorn, to compare with."""

import json
import os
import queue
import select
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from .server import APPS, Ended, Server, environ_with
from .waiting import DEADLINE

BINARY = Path("/usr/bin/gunicorn")

needs_gunicorn = pytest.mark.skipif(not BINARY.exists(), reason="needs Debian's gunicorn")

NURSERY = Path(__file__).with_name("gunicorn_nursery.py")


class Nursery:
    """Runs command lines that do not serve, one at a time, in processes that have what gunicorn
    imports of others: most of its time goes there."""

    #: Those that do nothing just now.  Each ends with this process, which it reads from.
    _idle = queue.SimpleQueue()

    def __init__(self):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", NURSERY, BINARY], env=environ_with(None),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    @classmethod
    def run(cls, args, cwd, env):
        try:
            nursery = cls._idle.get_nowait()
        except queue.Empty:
            nursery = cls()
        try:
            ended = nursery._run(args, cwd, env)
        except BaseException:
            os.killpg(nursery.process.pid, signal.SIGKILL)
            nursery.process.wait()
            raise
        cls._idle.put(nursery)
        return ended

    def _run(self, args, cwd, env):
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            job = {
                "args": [str(arg) for arg in args], "cwd": str(cwd), "env": environ_with(env),
                "stdout": out.name, "stderr": err.name,
            }  # fmt: skip
            print(json.dumps(job), file=self.process.stdin, flush=True)
            answers = select.select([self.process.stdout], [], [], DEADLINE)[0]
            assert answers, f"gunicorn {args} does not end"
            code = self.process.stdout.readline()
            assert code, "the nursery has ended"
            return Ended(int(code), *(Path(f.name).read_text(errors="replace") for f in (out, err)))


class Gunicorn(Server):
    """A running gunicorn."""

    binary = BINARY

    @staticmethod
    def run_to_end(*args, cwd=APPS, env=None):
        return Nursery.run(args, cwd, env)
