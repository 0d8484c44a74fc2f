"""Listening sockets: for isinstance, and for workers of one's own."""

import os
import socket
import stat
import time

from gunicorn import util


class BaseSocket:
    """A socket that listens at address; fd: one that somebody else has bound.  What is not here is
    looked for in the socket itself."""

    FAMILY = socket.AF_UNSPEC

    def __init__(self, address, conf, log, fd=None):
        self.conf = conf
        self.log = log
        self.cfg_addr = address
        bound = fd is not None
        sock = socket.socket(self.FAMILY, socket.SOCK_STREAM, fileno=fd)
        try:
            self.sock = self.set_options(sock, bound=bound)
        except BaseException:
            sock.close()
            raise

    def __str__(self):
        return "<socket %d>" % self.sock.fileno()

    def __getattr__(self, name):
        if name == "sock":  # not made yet
            raise AttributeError(name)
        return getattr(self.sock, name)

    def set_options(self, sock, bound=False):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.conf.reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if not bound:
            self.bind(sock)
        sock.setblocking(False)
        sock.set_inheritable(True)
        sock.listen(self.conf.backlog)
        return sock

    def bind(self, sock):
        sock.bind(self.cfg_addr)

    def close(self):
        util.close(self.sock)


class TCPSocket(BaseSocket):
    FAMILY = socket.AF_INET
    HOST = "%s"

    def __str__(self):
        host, port = self.sock.getsockname()[:2]
        scheme = "https" if self.conf.is_ssl else "http"
        return "%s://%s:%d" % (scheme, self.HOST % host, port)

    def set_options(self, sock, bound=False):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return super().set_options(sock, bound=bound)


class TCP6Socket(TCPSocket):
    FAMILY = socket.AF_INET6
    HOST = "[%s]"


class UnixSocket(BaseSocket):
    """A socket of an earlier server at address is replaced, another file is not."""

    FAMILY = socket.AF_UNIX

    def __init__(self, address, conf, log, fd=None):
        if fd is None:
            try:
                is_socket = stat.S_ISSOCK(os.stat(address).st_mode)
            except FileNotFoundError:
                is_socket = None
            if is_socket:
                os.unlink(address)
            elif is_socket is False:
                raise ValueError("%r is not a socket" % address)
        super().__init__(address, conf, log, fd=fd)

    def __str__(self):
        return "unix:%s" % self.cfg_addr

    def bind(self, sock):
        umask = os.umask(self.conf.umask)
        try:
            sock.bind(self.cfg_addr)
            util.chown(self.cfg_addr, self.conf.uid, self.conf.gid)
        finally:
            os.umask(umask)


FAMILIES = {kind.FAMILY: kind for kind in (TCPSocket, TCP6Socket, UnixSocket)}


def _sock_type(addr):
    """The class for an address as parse_address gives it."""
    if isinstance(addr, (str, bytes)):
        return UnixSocket
    if isinstance(addr, tuple):
        return TCP6Socket if util.is_ipv6(addr[0]) else TCPSocket
    raise TypeError("Unable to create socket from: %r" % (addr,))


def create_sockets(conf, log, fds=None):
    """One for each descriptor that was handed over, else one for each address."""
    given = [*(fds or ()), *(address for address in conf.address if isinstance(address, int))]
    if given:
        return [_adopt(fd, conf, log) for fd in given]
    return [_open(address, conf, log) for address in conf.address]


def _adopt(fd, conf, log):
    with socket.socket(fileno=os.dup(fd)) as probe:
        family, name = probe.family, probe.getsockname()
    return FAMILIES[family](name, conf, log, fd=fd)


def _open(address, conf, log):
    """An address in use may get free in a moment."""
    kind = _sock_type(address)
    for last in (False, False, False, False, True):
        try:
            return kind(address, conf, log)
        except OSError as error:
            log.error("Can't bind to %s: %s", address, error.strerror)
            if last:
                raise
            time.sleep(1)


def close_sockets(listeners, unlink=True):
    for listener in listeners:
        name = listener.getsockname()
        listener.close()
        if unlink and isinstance(listener, UnixSocket):
            util.unlink(name)
