"""The server as hooks see it, in the master and, as a copy of the time of the fork, in the workers."""

import contextlib
import os
import socket
import sys

from ucorn import hosting, patches
from ucorn.worker import Heartbeat, Worker
from ucorn.wsgiapp import WSGIApplication


class Pidfile:
    def __init__(self, fname, pid):
        self.fname = fname
        self.pid = pid


class Listener:
    """A listening socket.  It belongs to the server: close() only lets go of it, but in a worker
    whose class does all by itself."""

    _owned = False

    def __init__(self, descriptor, url):
        self._descriptor = descriptor
        self._url = url
        self._sock = None

    def __str__(self):
        return self._url

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.sock, name)

    @property
    def sock(self):
        if self._sock is None:
            self._sock = socket.socket(fileno=self._descriptor)
        return self._sock

    @property
    def FAMILY(self):
        return self.sock.family

    @property
    def cfg_addr(self):
        return self.sock.getsockname()

    def fileno(self):
        return self.sock.fileno() if self._owned else self._descriptor

    def close(self):
        if self._owned:
            with contextlib.suppress(OSError):  # some close its descriptor by itself
                self.sock.close()
        elif self._sock is not None:
            self._sock.detach()
            self._sock = None


class SignalQueue:
    """Signals that are put here reach the server as if they were sent to it."""

    def put(self, number):
        os.kill(os.getpid(), number)

    append = put_nowait = put

    def empty(self):
        return True


class Arbiter:
    WORKER_BOOT_ERROR = 3
    APP_LOAD_ERROR = 4

    def __init__(self, cfg, app_uri, log, functions):
        self._wanted, self._want, self._last_beat, self._wake = functions.values()
        self.WORKERS = {}
        self.LISTENERS = []
        self.SIG_QUEUE = SignalQueue()
        self.START_CTX = {"args": [sys.executable] + sys.argv, "cwd": os.getcwd(), 0: sys.executable}
        self.app = WSGIApplication(cfg, app_uri)
        self.pidfile = None
        self.worker_age = 0
        self._suffix = ""
        self._renew(cfg, app_uri, log)
        self._kin("Master", "", 0, 0, False)

    @property
    def num_workers(self):
        return self._wanted()

    @num_workers.setter
    def num_workers(self, value):
        before = self._wanted()
        self._want(value)
        self.cfg.nworkers_changed(self, value, before)

    @property
    def worker_class(self):
        """gunicorn's class of that name; where it has none, that of worker objects."""
        try:
            return self.cfg.worker_class
        except RuntimeError:
            return Worker

    def wakeup(self):
        self._wake()

    def kill_worker(self, pid, sig):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass

    def kill_workers(self, sig):
        for pid in list(self.WORKERS):
            self.kill_worker(pid, sig)

    # What the server tells it.

    def _renew(self, cfg, app_uri, log):
        self.cfg = self.app.cfg = cfg
        self.app.app_uri = app_uri
        self.log = log
        self.address = cfg.address
        self.timeout = cfg.timeout
        self.proc_name = cfg.proc_name + self._suffix
        patches.is_hosting = cfg.hosted_class is not None

    def _started(self, pid, pidfile):
        self.pid = pid
        self.pidfile = Pidfile(pidfile, pid) if pidfile else None

    def _kin(self, name, suffix, old_master, heir, by_systemd):
        self.master_name = name
        self._suffix = suffix
        self.proc_name = self.cfg.proc_name + suffix
        self.master_pid = old_master
        self.reexec_pid = heir
        self.systemd = bool(by_systemd)

    def _listen(self, listeners):
        """[(descriptor, url)]; those of before are about to be closed, or stay."""
        for listener in self.LISTENERS:
            listener.close()
        # In place: worker.sockets is the same list.
        self.LISTENERS[:] = [Listener(*listener) for listener in listeners]

    def _hire(self, age, slot, max_requests):
        self.worker_age = age
        return self._make_worker(age, slot, max_requests)

    def _make_worker(self, age, slot, max_requests):
        args = age, self.pid, self.LISTENERS, self.app, self.timeout / 2, self.cfg, self.log
        if self.cfg.hosted_class is not None:
            return hosting.make(self.cfg.hosted_class, self._last_beat, slot, *args)
        worker = Worker(*args)
        worker.max_requests = max_requests or sys.maxsize
        worker.tmp = Heartbeat(self._last_beat, slot)
        return worker

    def _retrain(self, worker):
        """It was hired under other settings than it is to live by; gives the one that can."""
        if type(worker) is not (self.cfg.hosted_class or Worker):
            return self._make_worker(worker.age, worker.tmp._slot, self.cfg.max_requests)
        worker.cfg = self.cfg
        worker.log = self.log
        worker.timeout = self.timeout / 2
        return worker

    def _born(self, worker, pid, functions):
        """In the worker's process."""
        if self.cfg.hosted_class is not None:
            hosting.born(worker, pid, functions, self.WORKERS.values())
        else:
            worker._born(pid, functions)

    def _forked(self, pid, worker):
        worker.pid = pid
        self.WORKERS[pid] = worker

    def _aborted(self, pid):
        if pid in self.WORKERS:
            self.WORKERS[pid].aborted = True

    def _touched(self, pid):
        """Whether a worker has shown in gunicorn's way that it is alive."""
        worker = self.WORKERS.get(pid)
        return worker is not None and worker.tmp.was_touched()

    def _reaped(self, pid):
        worker = self.WORKERS.pop(pid, None)
        if worker is not None:
            worker.tmp.close()
        return worker
