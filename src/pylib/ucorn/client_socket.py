"""environ['gunicorn.socket']: the connection to the client, as a socket object.

Every request has it and hardly any application uses it.  So it begins without a descriptor,
made by __new__ alone, and gets one of its own with the first use of an attribute.

It inherits from what socket.socket is when the worker asks: gevent and eventlet put classes of
their own there."""
import os
import socket

_classes = {}


def unused_class():
    """The class of objects before their first use."""
    base = socket.socket
    if base not in _classes:
        _classes[base] = _make(base)
    return _classes[base]


def _make(base):
    class ClientSocket(base):
        """A connection to a client, of which the server has another descriptor."""

        __slots__ = ("_share",)

    class UnusedSocket(ClientSocket):
        """Before its first use.  It has ClientSocket's layout, and turns into one."""

        __slots__ = ()

        def __getattribute__(self, name):
            # What isinstance(), templates and debuggers ask any object for is no use of it.
            if not name.startswith("__"):
                _open(self, ClientSocket)
            return object.__getattribute__(self, name)

        def __getattr__(self, name):
            if name.startswith("__") or not hasattr(base, "__getattr__"):
                raise AttributeError(name)
            return base.__getattr__(self, name)

        def __repr__(self):
            return "<%s.%s, not used>" % (__name__, ClientSocket.__name__)

    ClientSocket.__qualname__ = ClientSocket.__name__
    return UnusedSocket


def _open(sock, used_class):
    """When no request is running on the connection, sock is closed, and may be opened later."""
    unused_class = sock.__class__
    fd = object.__getattribute__(sock, "_share")()
    sock.__class__ = used_class
    try:
        if fd >= 0:
            sock.__init__(fileno=fd)
            sock.setblocking(True)
        else:
            sock.__init__()
            sock.close()
    except OSError:
        if fd >= 0:
            os.close(fd)
        raise
    finally:
        if fd < 0:
            sock.__class__ = unused_class
