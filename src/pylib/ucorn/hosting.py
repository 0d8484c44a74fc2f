"""The life of a worker whose class is not the server's own.

The object is made as gunicorn makes it, in the master before the fork; in its process the class's
init_process() is called, which ends with run().  Its heartbeat and what it says of itself go to the
server, which treats it like any worker."""

import os
import signal
import sys

from ucorn import loader
from ucorn.native import Native
from ucorn.worker import Heartbeat

APP_LOAD_ERROR = 4


class HostedHeartbeat(Heartbeat):
    """Has the file of gunicorn's heartbeat, too: some classes touch it by themselves."""

    def __init__(self, last_beat, slot, tmp):
        super().__init__(last_beat, slot)
        self._tmp = tmp
        self._touched = self._change()

    def fileno(self):
        return self._tmp.fileno()

    def close(self):
        if self._tmp is not None:
            self._tmp.close()

    def was_touched(self):
        """In the master: whether anybody has changed the file since the last call.  Its dates say
        nothing else, as clocks may be set."""
        before, self._touched = self._touched, self._change()
        return self._touched != before

    def _change(self):
        return os.fstat(self.fileno()).st_ctime_ns if self._tmp is not None else None


def make(cls, last_beat, slot, *args):
    """A worker of that class, in the master."""
    worker = cls(*args)
    worker.tmp = HostedHeartbeat(last_beat, slot, getattr(worker, "tmp", None))
    return worker


def born(worker, pid, functions, siblings):
    """In the worker's process."""
    for sibling in siblings:
        sibling.tmp.close()
    worker.pid = pid
    worker.tmp._beat = functions["beat"]
    worker.tmp._enter = functions["enter"]
    if isinstance(worker, Native):
        worker._born(pid, functions)


def _take_sockets(worker):
    """The sockets are this process's, to close, too."""
    for listener in worker.sockets:
        listener._owned = True
        listener.sock.setblocking(False)


def _tell_of_run(worker):
    """run() on the object goes before that of the class."""
    run = worker.run

    def entered():
        _survive_rotation(worker)
        _leave_in_order()
        worker.tmp._enter()
        return run()

    worker.run = entered


def _survive_rotation(worker):
    """Some classes leave USR1, which the master passes on, to the kernel: it would end them."""
    handler = getattr(worker, "handle_usr1", None)
    if handler is not None and signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
        signal.signal(signal.SIGUSR1, handler)
        signal.siginterrupt(signal.SIGUSR1, False)


def _leave_in_order():
    """Some classes leave these to the kernel, and send themselves, when they have finished, the one
    that they were told by: worker_exit and atexit functions would not be called."""
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number, frame):
    """Once: what is called at the end is not interrupted."""
    signal.signal(number, lambda *_: None)
    sys.exit(0)


def live(worker):
    """All of it, as gunicorn's master has it in the child.  Gives the exit code and a sentence for
    the operator; other exceptions than the application's not being there are for the caller."""
    if not isinstance(worker, Native):
        _take_sockets(worker)
        _tell_of_run(worker)
    try:
        worker.init_process()
    except loader.SpecError as error:
        return APP_LOAD_ERROR, str(error)
    return 0, ""


def has_booted(worker):
    return bool(getattr(worker, "booted", False))
