"""A worker as hooks see it.

One object for each worker, made by the master before the fork; the child has a copy of it, on
which pid is its own.  Whatever hooks set on it stays on it."""

import math
import signal
import sys
import traceback

from ucorn import patches, reloader


class Heartbeat:
    """worker.tmp: when the worker has last shown that it is alive."""

    def __init__(self, last_beat, slot):
        self._last_beat = last_beat
        self._slot = slot
        self._beat = None

    def last_update(self):
        """A time of time.monotonic()."""
        return self._last_beat(self._slot)

    def notify(self):
        if self._beat:
            self._beat()

    def was_touched(self):
        return False

    def close(self):
        pass


class Life:
    """What a worker says of itself while the server's own worker serves."""

    _alive = True
    _max_requests = sys.maxsize
    _nr_base = 0
    _requests = _is_leaving = _retire = _limit = None

    def _born(self, pid, functions):
        """In the child: functions of its process."""
        self.pid = pid
        self._requests = functions["requests"]
        self._is_leaving = functions["is_leaving"]
        self._retire = functions["retire"]
        self._limit = functions["limit"]
        self.tmp._beat = functions["beat"]
        # What pre_fork has set.
        self.max_requests = self._max_requests
        self.alive = self._alive

    @property
    def alive(self):
        """False: it leaves, or is to leave."""
        return self._alive and not (self._is_leaving and self._is_leaving())

    @alive.setter
    def alive(self, value):
        self._alive = bool(value)
        if not value and self._retire:
            self._retire()

    @property
    def nr(self):
        """Requests so far; from the application's call on, the current one is among them."""
        return (self._requests() if self._requests else 0) + self._nr_base

    @nr.setter
    def nr(self, value):
        self._nr_base += value - self.nr
        self._apply_limit()

    @property
    def max_requests(self):
        return self._max_requests

    @max_requests.setter
    def max_requests(self, value):
        self._max_requests = value
        self._apply_limit()

    def _apply_limit(self):
        """Tells the process after how many of its requests it has to leave; what is reached
        already counts with the next one."""
        if self._limit:
            left = min(self._max_requests, sys.maxsize) - self._nr_base
            self._limit(max(1, min(math.ceil(left), sys.maxsize)))

    # reload

    def _watch(self, replaces):
        """replaces: workers have served before this one, so that the application can work."""
        self.log.warning("Reloader is on. Use in development only!")
        if self.app.callable is not None:
            self.log.warning("The application is preloaded: workers do not import it again, "
                             "whatever changes.")
        reloader.note_imports()
        self.reloader = reloader.reloader_engines[self.cfg.reload_engine](
            extra_files=self.cfg.reload_extra_files, callback=self._file_changed
        )
        self.app._stand_in = self._show_error if replaces else self._show_syntax_error

    def _file_changed(self, name):
        """In the reloader's thread."""
        self.log.info("Worker reloading: %s modified", name)
        self._alive = False
        try:
            self.cfg.worker_int(self)
        finally:
            self.alive = False  # only now it goes, and its threads with it
        sys.exit(0)  # of the thread

    def _show_syntax_error(self, error):
        return self._show_error(error) if isinstance(error, SyntaxError) else None

    def _show_error(self, error):
        """An application that tells why the real one cannot be imported: the worker goes on,
        and watches the files that have to do with it."""
        self.log.exception(error)
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        for name in [*files, getattr(error, "filename", None)]:
            if name and not name.startswith("<"):
                self.reloader.add_extra_file(name)
        self.reloader.distrust_imports()
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return _application_of(text.encode("utf-8", "backslashreplace"))

    def notify(self):
        """Shows that it is alive, in an application that keeps it busy."""
        self.tmp.notify()

    # What handlers of its signals do: for handlers of the user's that go on to them.

    def handle_exit(self, sig, frame):
        self.alive = False

    def handle_quit(self, sig, frame):
        self.alive = False
        self.cfg.worker_int(self)
        sys.exit(0)

    def handle_abort(self, sig, frame):
        self.alive = False
        self.cfg.worker_abort(self)
        sys.exit(1)

    def handle_usr1(self, sig, frame):
        self.log.reopen_files()

    def handle_winch(self, sig, frame):
        self.log.debug("worker: SIGWINCH ignored.")


def _application_of(body):
    def application(environ, start_response):
        start_response(
            "500 Internal Server Error",
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        )
        return [body]

    return application


class Worker(Life):
    SIGNALS = [
        getattr(signal, "SIG" + name) for name in "ABRT HUP QUIT INT TERM USR1 USR2 WINCH CHLD".split()
    ]
    PIPE = []

    def __init__(self, age, ppid, sockets, app, timeout, cfg, log):
        self.age = age
        self.pid = "[booting]"
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.timeout = timeout
        self.cfg = cfg
        self.log = log
        self.booted = False
        self.aborted = False
        self.reloader = None
        self.tmp = None

    @property
    def __class__(self):
        return patches.worker_shown_as(self.cfg, Worker)

    def __str__(self):
        return "<Worker %s>" % self.pid
