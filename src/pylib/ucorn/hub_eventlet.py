"""The server in eventlet's hub."""

import os

import eventlet
import eventlet.event
import eventlet.hubs
import eventlet.patcher
from eventlet.greenthread import GreenThread
from greenlet import GreenletExit

from ucorn import hubs
from ucorn.hubs import TimeUp, forked


def begin():
    """Patches what blocks, unless a configuration file has, and starts the hub."""
    if not all(map(eventlet.patcher.is_monkey_patched, ("socket", "select", "thread", "time"))):
        eventlet.monkey_patch()
    eventlet.sleep(0)
    if not watched:
        # A child of the application's would take our descriptor out of the epoll that it shares.
        os.register_at_fork(after_in_child=forked)
        watched.append(True)


watched = []


class Guest(hubs.Guest):
    def __init__(self, descriptor, tick, turn):
        super().__init__(turn)
        self.hub = eventlet.hubs.get_hub()
        self.descriptor = descriptor
        self.tick = tick
        self.over = eventlet.event.Event()
        self.listener = self.timer = None

    def start(self):
        self.listener = self.hub.add(
            self.hub.READ, self.descriptor, self.serve, self.serve, lambda: None
        )
        self.timer = self.hub.schedule_call_global(self.tick, self.ticked)
        self.call_soon()

    def stop(self):
        if self.listener:
            self.hub.remove(self.listener)
            self.timer.cancel()
            self.listener = None

    def ticked(self):
        self.timer = self.hub.schedule_call_global(self.tick, self.ticked)
        self.serve()

    def schedule(self, function):
        self.hub.schedule_call_global(0, function)

    def end(self):
        if not self.over.ready():
            self.over.send()


guest = None


def run(descriptor, tick, turn, worker):
    global guest
    guest = Guest(descriptor, tick, turn)
    guest.start()
    guest.over.wait()


def call_soon():
    guest.call_soon()


def spawn(function, errand):
    """In the hub: comes back when the greenlet has finished, or waits.  A plain greenlet would
    be taken for the main thread by threading.current_thread(), and share what that has."""
    green = GreenThread(getcurrent())
    green.switch(function, (errand,), {})
    return green


def interrupt(green, timed_out):
    error = eventlet.Timeout(None, "request_timeout") if timed_out else GreenletExit()
    eventlet.hubs.get_hub().schedule_call_global(0, _throw, green, error)


def _throw(green, error):
    if not green.dead:
        green.throw(error)


def wait(descriptor, writing, seconds):
    try:
        eventlet.hubs.trampoline(
            descriptor,
            read=not writing,
            write=writing,
            timeout=seconds if seconds >= 0 else None,
            timeout_exc=TimeUp,
        )
    except TimeUp:
        return False
    return True


sleep = eventlet.sleep
getcurrent = eventlet.getcurrent


def in_hub():
    return getcurrent() is eventlet.hubs.get_hub().greenlet
