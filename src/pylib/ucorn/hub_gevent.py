"""The server in gevent's hub."""

import os

import gevent
import gevent.event
import gevent.monkey
import gevent.socket
from gevent import Greenlet, GreenletExit

from ucorn import hubs
from ucorn.hubs import TimeUp


def begin():
    """Patches what blocks, unless a configuration file has, and starts the hub."""
    if not all(map(gevent.monkey.is_module_patched, ("socket", "select", "threading", "time"))):
        gevent.monkey.patch_all()
    gevent.sleep(0)


class Guest(hubs.Guest):
    def __init__(self, descriptor, tick, turn):
        super().__init__(turn)
        loop = gevent.get_hub().loop
        self.over = gevent.event.Event()
        self.schedule = loop.run_callback
        self.watchers = loop.io(descriptor, 1), loop.timer(tick, tick)
        # gevent does it after its first fork, and would not notice a child that has ended by then.
        os.register_at_fork(before=loop.install_sigchld)

    def start(self):
        for watcher in self.watchers:
            watcher.start(self.serve)
        self.call_soon()

    def stop(self):
        for watcher in self.watchers:
            watcher.stop()
            watcher.close()
        self.watchers = ()

    def end(self):
        self.over.set()


guest = None


def run(descriptor, tick, turn, worker):
    global guest
    guest = Guest(descriptor, tick, turn)
    guest.start()
    guest.over.wait()


def call_soon():
    guest.call_soon()


def spawn(function, errand):
    """In the hub: comes back when the greenlet has finished, or waits."""
    greenlet = Greenlet(function, errand)
    greenlet.switch()
    return greenlet


def interrupt(greenlet, timed_out):
    error = gevent.Timeout(None, "request_timeout") if timed_out else GreenletExit
    greenlet.kill(error, block=False)


def wait(descriptor, writing, seconds):
    watcher = gevent.get_hub().loop.io(descriptor, 2 if writing else 1)
    try:
        gevent.socket.wait(watcher, seconds if seconds >= 0 else None, TimeUp())
    except TimeUp:
        return False
    finally:
        watcher.close()
    return True


sleep = gevent.sleep
getcurrent = gevent.getcurrent


def in_hub():
    return gevent.getcurrent() is gevent.get_hub()
