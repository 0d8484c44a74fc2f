"""environ['gunicorn.socket']: the connection to the client, as a socket object.

Every request has it and hardly any application uses it.  So it begins without a descriptor,
made by __new__ alone, and gets one of its own with the first use of an attribute."""
import os
import socket


class ClientSocket(socket.socket):
    """A connection to a client, of which the server has another descriptor."""

    __slots__ = ("_share",)


class UnusedSocket(ClientSocket):
    """Before its first use.  It has ClientSocket's layout, and turns into one."""

    __slots__ = ()

    def __getattribute__(self, name):
        # What isinstance(), templates and debuggers ask any object for is no use of it.
        if not name.startswith("__"):
            _open(self)
        return object.__getattribute__(self, name)

    def __repr__(self):
        return "<%s.%s, not used>" % (ClientSocket.__module__, ClientSocket.__name__)


def _open(sock):
    """When no request is running on the connection, sock stays what it then is: closed."""
    fd = object.__getattribute__(sock, "_share")()
    if fd < 0:
        sock._io_refs = 0
        sock._closed = True
        return
    try:
        socket.socket.__init__(sock, fileno=fd)
    except OSError:
        os.close(fd)
        raise
    sock.__class__ = ClientSocket
    sock.setblocking(True)
