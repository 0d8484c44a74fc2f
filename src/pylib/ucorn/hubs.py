"""What all event loops of others have in common."""

import sys

#: What the server answers to a turn: include/ucorn/py/hub.h.
WAIT, AGAIN, STOP, LEAVE = range(4)


class TimeUp(Exception):
    """Nobody sees it: a wait of the server's has taken too long."""


class Guest:
    """The server in a loop, of which subclasses know: how it calls something soon (schedule), how
    it is left alone from then on (stop), and how to come back from it (end)."""

    def __init__(self, turn):
        self.turn = turn
        self.called = False

    def call_soon(self):
        if not self.called:
            self.called = True
            self.schedule(self.serve_called)

    def serve_called(self):
        self.called = False
        self.serve()

    def serve(self, *_):
        answer = self.turn()
        if answer == AGAIN:
            self.call_soon()
        elif answer != WAIT:
            self.stop()
            if answer == STOP:
                self.end()


def forked():
    """In a child: a loop that was inherited would act on what is the parent's."""
    gevent = sys.modules.get("gevent")
    if hasattr(gevent, "reinit"):
        gevent.reinit()
    hubs = sys.modules.get("eventlet.hubs")
    if hasattr(getattr(hubs, "_threadlocal", None), "hub"):
        inherited = hubs.get_hub()
        hubs.use_hub(type(inherited))
        if hasattr(getattr(inherited, "poll", None), "close"):
            inherited.poll.close()  # the parent's
