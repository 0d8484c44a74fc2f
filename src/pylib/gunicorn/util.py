"""Small functions that configurations, loggers and workers borrow from gunicorn.

They do what gunicorn's do, with the same messages where people see them."""

import email.utils
import html
import importlib
import inspect
import io
import os
import pwd
import random
import re
import socket
import sys
import time
import traceback
import urllib.parse

from ucorn import loader
from ucorn.importer import set_title

from gunicorn.errors import AppImportError
from gunicorn.workers import SUPPORTED_WORKERS

REDIRECT_TO = os.devnull
closerange = os.closerange

#: What an application may not set: a connection's own fields (RFC 9110, 7.6.1), Server and Date.
hop_headers = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers",
    "transfer-encoding", "upgrade", "server", "date",
}  # fmt: skip

positionals = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


# Finding things by name.


def load_entry_point(distribution, group, name):
    """What the installed distribution offers as name in group."""
    import importlib.metadata

    for point in importlib.metadata.distribution(distribution).entry_points:
        if (point.group, point.name) == (group, name):
            return point.load()
    raise ImportError("Entry point %r not found" % ((group, name),))


def load_class(uri, default="gunicorn.workers.sync.SyncWorker", section="gunicorn.workers"):
    """The class that uri is or names: package.module.Class, egg:distribution#name, or the short
    name of a worker class."""
    if inspect.isclass(uri):
        return uri
    try:
        if uri.startswith("egg:"):
            distribution, _, name = uri[4:].rpartition("#")
            if not distribution:
                distribution, name = name, default
            return load_entry_point(distribution, section, name)
        name = uri.lstrip("#")
        path = SUPPORTED_WORKERS.get(name, name)
        if "." not in path:
            return load_entry_point("gunicorn", section, name)
        module_name, _, class_name = path.rpartition(".")
        module = importlib.import_module(module_name)
    except Exception:
        raise RuntimeError(
            "class uri %r invalid or not found: \n\n[%s]" % (uri, traceback.format_exc())
        ) from None
    return getattr(module, class_name)


def import_app(module):
    """The application that MODULE, MODULE:name or MODULE:factory(arguments) names."""
    try:
        return loader.load(module)
    except loader.SpecError as error:
        raise AppImportError(str(error)) from None


def get_arity(f):
    """How many arguments f takes by position."""
    return sum(p.kind in positionals for p in inspect.signature(f).parameters.values())


# Processes and files.


def get_username(uid):
    return pwd.getpwuid(uid).pw_name


def set_owner_process(uid, gid, initgroups=False):
    """Makes this process the group's and the user's, if they are not 0 and it is not already."""
    if gid:
        name = None
        if initgroups and uid:
            try:
                name = get_username(uid)
            except KeyError:
                pass  # a user without a name has no further groups
        if name is not None:
            os.initgroups(name, gid)
        # Also with the other groups: initgroups leaves the process's own group alone.
        if gid != os.getgid():
            os.setgid(gid)
    if uid and uid != os.getuid():
        os.setuid(uid)


def chown(path, uid, gid):
    os.chown(path, uid, gid)


def unlink(filename):
    """Removes the file, if it is there."""
    try:
        os.unlink(filename)
    except (FileNotFoundError, NotADirectoryError):
        pass


def check_is_writable(path):
    try:
        open(path, "a").close()
    except OSError as error:
        raise RuntimeError("Error: '%s' isn't writable [%r]" % (path, error)) from None


def getcwd():
    """The current folder, as the shell calls it if that is still true: PWD keeps symbolic links."""
    shell = os.environ.get("PWD", "")
    try:
        if os.path.samefile(shell, "."):
            return shell
    except (OSError, ValueError):
        pass
    return os.getcwd()


def close_on_exec(fd):
    """fd: a descriptor, or what has a fileno()."""
    os.set_inheritable(_descriptor(fd), False)


def set_non_blocking(fd):
    os.set_blocking(_descriptor(fd), False)


def _descriptor(fd):
    return fd if isinstance(fd, int) else fd.fileno()


def has_fileno(obj):
    """Whether obj is a file of the system's: a BytesIO has a fileno(), which fails."""
    try:
        obj.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return False
    return True


def is_fileobject(obj):
    """Whether obj is a file at a position of its own."""
    return has_fileno(obj) and hasattr(obj, "tell")


def seed():
    """Random numbers of one's own after a fork, without a module that would be imported for it:
    the worker's user may not be allowed to read those."""
    random.seed()


def daemonize(enable_stdio_inheritance=False):
    """Goes on in a process without a terminal; the calling one ends."""
    if "GUNICORN_FD" in os.environ:
        return  # the new server of an upgrade: the old one has done so already
    for start_session in (True, False):
        if os.fork():
            os._exit(0)
        if start_session:
            os.setsid()
    os.umask(0o22)
    null = os.open(REDIRECT_TO, os.O_RDWR)
    for fd in range(3):
        if fd == 0 or not enable_stdio_inheritance or os.isatty(fd):
            os.dup2(null, fd)
    if null > 2:
        os.close(null)


def _setproctitle(title):
    set_title(title)


def warn(msg):
    """To stderr, so that nobody overlooks it."""
    first, *others = msg.splitlines() or [""]
    lines = ["!!!", "!!! WARNING: " + first, *["!!! " + line for line in others], "!!!", ""]
    print("\n".join(lines), file=sys.stderr, flush=True)


# Addresses and sockets.


def is_ipv6(addr):
    try:
        socket.inet_pton(socket.AF_INET6, addr)
    except (OSError, ValueError):
        return False
    return True


def parse_address(netloc, default_port="8000"):
    """(host, port); the path of unix:PATH; the number of fd://NUMBER."""
    if netloc.startswith("unix:"):
        path = netloc[len("unix:") :]
        return path[2:] if path.startswith("//") else path
    if netloc.startswith("fd://"):
        number = netloc[len("fd://") :]
        if not number.isdigit():
            raise RuntimeError("%r is not a valid file descriptor." % number)
        return int(number)
    if netloc.startswith("tcp://"):
        netloc = netloc[len("tcp://") :]
    if netloc.startswith("[") and "]" in netloc:
        host, _, rest = netloc[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else default_port
    else:
        host, colon, rest = netloc.partition(":")
        port = rest.partition(":")[0] if colon else default_port
    if not netloc:
        host = "0.0.0.0"
    try:
        return host.lower(), int(port)
    except ValueError:
        raise RuntimeError("%r is not a valid port number." % port) from None


def close(sock):
    try:
        sock.close()
    except OSError:
        pass


def close_graceful(sock, timeout=2.0, max_drain=65536):
    """Ends what we send and reads what still comes, within bounds, before the close: with input
    unread the kernel would reset the connection, and the client lose our answer (RFC 9112, 9.6)."""
    end = time.monotonic() + timeout
    try:
        sock.shutdown(socket.SHUT_WR)
        while max_drain > 0 and time.monotonic() < end:
            sock.settimeout(max(end - time.monotonic(), 0.001))
            piece = sock.recv(min(max_drain, 4096))
            if not piece:
                break
            max_drain -= len(piece)
    except OSError:
        pass
    finally:
        close(sock)


def write_chunk(sock, data):
    data = to_bytestring(data)
    sock.sendall(b"%X\r\n%b\r\n" % (len(data), data))


def write(sock, data, chunked=False):
    if chunked:
        write_chunk(sock, data)
    else:
        sock.sendall(data)


def write_nonblock(sock, data, chunked=False):
    """Waits for nothing: BlockingIOError if the socket has no room."""
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        write(sock, data, chunked)
    finally:
        sock.settimeout(timeout)


PAGE = """\
<html>
  <head>
    <title>{0}</title>
  </head>
  <body>
    <h1><p>{0}</p></h1>
    {1}
  </body>
</html>
"""


def write_error(sock, status_int, reason, mesg):
    """An answer that says no more than its status and a line."""
    page = PAGE.format(reason, html.escape(mesg)).encode("latin-1")
    head = [
        "HTTP/1.1 %s %s" % (status_int, reason),
        "Connection: close",
        "Content-Type: text/html",
        "Content-Length: %d" % len(page),
    ]
    write_nonblock(sock, "\r\n".join([*head, "", ""]).encode("latin-1") + page)


def make_fail_app(msg):
    """An application that answers everything with 500 and msg."""
    body = to_bytestring(msg)

    def app(environ, start_response):
        fields = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response("500 Internal Server Error", fields)
        return [body]

    return app


# Text.


def http_date(timestamp=None):
    """Sun, 06 Nov 1994 08:49:37 GMT"""
    return email.utils.formatdate(time.time() if timestamp is None else timestamp, usegmt=True)


def is_hoppish(header):
    return header.lower().strip() in hop_headers


def is_glob_pattern(value):
    return re.search(r"[*?[]", value) is not None


def to_bytestring(value, encoding="utf8"):
    if isinstance(value, str):
        return value.encode(encoding)
    if isinstance(value, bytes):
        return value
    raise TypeError("%r is not a string" % (value,))


def bytes_to_str(b):
    return b if isinstance(b, str) else str(b, "latin-1")


def unquote_to_wsgi_str(string):
    """Percent-decoded; each byte is one character, as in PATH_INFO."""
    return urllib.parse.unquote_to_bytes(string).decode("latin-1")


def split_request_uri(uri):
    """As urlsplit, but a path that begins with // is a path and no host."""
    if not uri.startswith("//"):
        return urllib.parse.urlsplit(uri)
    parts = urllib.parse.urlsplit("/." + uri)
    return parts._replace(path=parts.path[2:])


def reraise(tp, value, tb=None):
    """Raises value, or a new tp, with this traceback."""
    error = tp() if value is None else value
    try:
        raise error.with_traceback(tb)
    finally:
        del error, value, tb  # they would keep this frame alive, and it them
