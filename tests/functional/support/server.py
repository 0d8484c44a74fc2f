"""The server under test: a real process with real sockets."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from . import processes
from .descriptors import Holdings, zombies
from .rawhttp import Client
from .waiting import DEADLINE, until

FUNCTIONAL = Path(__file__).resolve().parents[1]
APPS = FUNCTIONAL / "apps"

#: The suite may run against another gunicorn-like server: what is not marked
#: ucorn_only is then a statement about gunicorn's own behaviour.
DEFAULT_BINARY = FUNCTIONAL.parents[1] / "build/release/ucorn"
BINARY = Path(os.environ.get("UCORN_BINARY", DEFAULT_BINARY)).absolute()
IS_UCORN = BINARY.name == "ucorn"

#: The program as a module for python3, which lies beside it in builds that have one.
MODULE = next(BINARY.parent.glob("ucorn-*.so"), None)

#: For a server with another Python than the one that runs the tests: the virtual environment
#: that it finds what its applications import in.
VENV = os.environ.get("UCORN_TEST_VENV")

#: An interpreter that finds the same.
PYTHON = f"{VENV}/bin/python3" if VENV else sys.executable

SANITIZER_REPORT = re.compile(
    r"AddressSanitizer|UndefinedBehaviorSanitizer|runtime error:|LeakSanitizer|ThreadSanitizer"
)

#: What the leak checker of a sanitized build does not report.
SUPPRESSIONS = FUNCTIONAL.parent / "lsan.supp"

#: For servers that are to die as others do, of signals that a sanitizer would report.
PLAIN_DEATHS = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:handle_segv=0"}

#: For servers that import extension modules which Cython has made (yaml's, aiohttp's): those
#: never give back some of what they make at their import.
FOREIGN_LEAKS = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}

#: For masters with libraries that do not give back what they have: these worker classes
#: import some.  (Workers are never looked at for leaks.)
UNTIDY_CLASSES = {"gevent", "eventlet"}


def untidy(env=None):
    """Variables for such a master."""
    options = (env or os.environ).get("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
    return {**(env or {}), "ASAN_OPTIONS": f"{options}:detect_leaks=0"}


#: Variables from which a server takes settings or finds out who started it.
OUTSIDE_INFLUENCE = {
    "PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "SCRIPT_NAME", "SENDFILE", "NOTIFY_SOCKET",
    "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID", "GUNICORN_PID",
    "GUNICORN_FD", "UCORN_BIND", "VIRTUAL_ENV", "GUNICORN_CMD_ARGS", "UCORN_CMD_ARGS", "PYTHONPATH",
}  # fmt: skip


#: A pool of one thread would be no pool.
THREADS = ["--threads", "4"]


class PortTaken(Exception):
    pass


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environ_with(variables):
    """The environment of a server: ours, without what would change its settings."""
    environ = {k: v for k, v in os.environ.items() if k not in OUTSIDE_INFLUENCE}
    environ.setdefault("LSAN_OPTIONS", f"suppressions={SUPPRESSIONS}:print_suppressions=0")
    if VENV:
        environ["VIRTUAL_ENV"] = VENV
    return environ | {"PYTHONDONTWRITEBYTECODE": "1", **(variables or {})}


def sanitizer_report(text):
    """The beginning of what a sanitizer says in it; "" if none says anything."""
    report = SANITIZER_REPORT.search(text)
    return text[max(report.start() - 200, 0) :][:4000] if report else ""


class Ended(NamedTuple):
    """A command line that has come to its end."""

    code: int
    stdout: str
    stderr: str


def run_to_end(*args, binary=BINARY, cwd=APPS, env=None):
    """Runs a command line that does not serve."""
    process = subprocess.run(
        [str(binary), *map(str, args)], cwd=cwd, env=environ_with(env), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert not sanitizer_report(process.stderr), process.stderr
    return Ended(process.returncode, process.stdout, process.stderr)


class Server:
    """One running server.

    app and args are its command line; bind: None for a free port on loopback,
    or a list of `-b` values, empty if the configuration or a socket says it; errorlog:
    the file with the server's log if it is not stderr; probe: the path asked until the
    server answers, or None to return at once; under: a command that runs it, such as
    prlimit; pass_fds: descriptors that it gets."""

    #: Subclasses are another server, to compare with.
    binary = BINARY
    run_to_end = staticmethod(run_to_end)

    def __init__(
        self, work, app, *args, bind=None, env=None, cwd=APPS, errorlog=None, probe="/", under=(),
        pass_fds=(),
    ):  # fmt: skip
        work.mkdir()
        if bind is None:
            bind = [f"127.0.0.1:{free_port()}"]
        self.address = self._address_of(bind[0]) if bind else None
        if any(name in str(arg).lower() for name in UNTIDY_CLASSES for arg in args):
            env = untidy(env)
        self.stdout_file = work / "stdout"
        self.stderr_file = work / "stderr"
        self.log_file = errorlog or self.stderr_file
        command = [*under, str(self.binary)]
        for address in bind:
            command += ["-b", str(address)]
        command += [str(arg) for arg in args] + ([app] if app else [])
        if "gthread" in command and "--threads" not in command:
            command += THREADS
        with open(self.stdout_file, "wb") as out, open(self.stderr_file, "wb") as err:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=environ_with(env), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=pass_fds,
            )  # fmt: skip
        #: The master's; USR2 makes another process master, in the same session.
        self.pid = self.session = self.process.pid
        self.successor = None
        self._adopted_code = None
        #: Kinds of descriptors that the test has made the master open since its start.
        self.opened = Counter()
        self.holdings = None
        try:
            if probe:
                self.wait_answer(probe)
                self.holdings = Holdings(self)
        except BaseException:
            self._kill_all()
            raise

    @classmethod
    def start(cls, work, app, *args, bind=None, **options):
        """As the constructor, but looks for another port when somebody took
        the free one first."""
        for attempt in range(5):
            try:
                return cls(work / f"try{attempt}", app, *args, bind=bind, **options)
            except PortTaken:
                assert bind is None, f"in use: {bind}"
        raise AssertionError("five free ports were taken by others")

    # What it says.

    @property
    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @property
    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    @property
    def stdout(self):
        return self.stdout_file.read_text(errors="replace")

    def wait_log(self, pattern):
        """Waits for a match of pattern in the log and returns it."""
        return until(lambda: re.search(pattern, self.log, re.M), f"the log has {pattern!r}")

    def wait_stdout(self, pattern):
        until(lambda: re.search(pattern, self.stdout, re.M), f"stdout has {pattern!r}")

    def in_log(self, *patterns):
        """True if the log has matches of the patterns in this order."""
        rest = self.log
        for pattern in patterns:
            match = re.search(pattern, rest, re.M)
            if not match:
                return False
            rest = rest[match.end() :]
        return True

    # Talking to it.

    def connect(self, **options):
        return Client(self.address, **options)

    def get(self, target, fields=()):
        """One GET on a connection of its own."""
        with self.connect() as client:
            return client.request("GET", target, fields=[*fields, ("Connection", "close")])

    def wait_answer(self, path="/"):
        return until(lambda: self._answers(path), f"{self.process.args} answers")

    def url(self, path):
        return "http://%s:%d%s" % (*self.address, path)

    # Its processes.

    def workers(self):
        return sorted(self.workers_of(self.pid))

    def workers_of(self, master):
        """A master's children; the one that is to follow it is none of them."""
        return {*processes.children(master, self.session)} - {self.successor}

    def wait_workers(self, count, other_than=()):
        """Waits until there are count workers, none of them in other_than."""

        def settled():
            pids = self.workers()
            return pids if len(pids) == count and not set(pids) & set(other_than) else None

        return until(settled, f"{count} workers other than {list(other_than)}")

    def signal(self, number):
        os.kill(self.pid, number)

    def signal_and_wait(self, number):
        """Returns when the master has taken the signal.  A signal that is sent
        while one of its kind is pending is lost: the kernel keeps only one."""
        line = f"Handling signal: {number.name[3:].lower()}\n"
        before = self.log.count(line)
        self.signal(number)
        until(lambda: self.log.count(line) > before, f"the log has another {line!r}")

    def exit_code(self):
        """The master's, None while it runs."""
        if self.pid == self.process.pid:
            return self.process.poll()
        if self._adopted_code is None:
            self._adopted_code = processes.adopted_exit_code(self.pid)
        return self._adopted_code

    def wait_exit(self):
        """Waits until the master is gone; returns its exit code."""
        until(lambda: self.exit_code() is not None, "the master leaves", 2 * DEADLINE)
        return self.exit_code()

    def follow(self, pid):
        """From now on that process is the master: the one before it has left."""
        self.pid, self.successor, self._adopted_code = pid, None, None

    def stop(self):
        """Stops it gracefully; it has to leave with 0."""
        self.signal(signal.SIGTERM)
        code = self.wait_exit()
        assert code == 0, f"the master left with {code}"

    def wait_orphans_gone(self):
        """After the master was killed: waits until the workers have left."""
        until(lambda: not processes.reap_orphans(self.session), "workers leave after their master")

    def finish(self):
        """Ends what is left and checks that it went as it should."""
        try:
            if self.exit_code() is None:
                self._check_running()
                self.stop()
            left = processes.of_session(self.session)
            assert not left, f"processes left behind: {left}"
        finally:
            self._kill_all()
            print(f"--- stderr of {self.process.args}\n{self.stderr}")
        for text in {self.log, self.stderr}:
            report = sanitizer_report(text)
            assert not report, f"a sanitizer reports:\n{report}"

    def _check_running(self):
        """What may not pile up while it runs; gunicorn has its own ways."""
        if self.binary.name != "ucorn":
            return
        until(lambda: not zombies(self), lambda: f"reaped: {zombies(self)}")
        if self.holdings:
            self.holdings.check()

    def _kill_all(self):
        def all_gone():
            for process in processes.reap_orphans(self.session):
                os.kill(process.pid, signal.SIGKILL)
            return self.process.poll() is not None and not processes.of_session(self.session)

        until(all_gone, "killed processes go away")

    @staticmethod
    def _address_of(bind):
        if str(bind).startswith("unix:"):
            return Path(str(bind)[len("unix:") :])
        host, _, port = str(bind).rpartition(":")
        return host, int(port)

    def _answers(self, path):
        code = self.process.poll()
        if "Connection in use" in self.log:
            raise PortTaken
        assert code is None, f"the server left with {code}:\n{self.stderr}"
        if "Listening at: " not in self.log:
            return None  # whoever may answer now is somebody else
        try:
            return self.get(path)
        except OSError:
            return None
