"""What all event loops of others have in common."""

import sys

#: What the server answers to a turn: include/ucorn/py/hub.h.
WAIT, AGAIN, STOP, LEAVE = range(4)


class TimeUp(Exception):
    """Nobody sees it: a wait of the server's has taken too long."""


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
