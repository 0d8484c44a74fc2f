"""Applications that use environ['gunicorn.socket'].  PATH_INFO names the function;
what it names besides is one of wsgiapp's."""

import base64
import hashlib
import os
import select
import socket
import sys
import warnings
import weakref

import wsgiapp
from wsgiapp import as_json, from_file, query, text

# A socket that the server forgets has to show in its log.
warnings.simplefilter("always", ResourceWarning)

#: Sockets that outlive their request, by the id in the query.
kept = {}
marks = weakref.WeakKeyDictionary()

# RFC 6455, as little of it as one short frame each way needs.

SWITCHING = "101 Switching Protocols"
OPCODE_CLOSE = 8


def upgrade_fields(environ):
    key = environ["HTTP_SEC_WEBSOCKET_KEY"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    return [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept),
    ]


def send_handshake(sock, environ):
    lines = [f"HTTP/1.1 {SWITCHING}"]
    lines += [f"{name}: {value}" for name, value in upgrade_fields(environ)]
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")


def echo_frames(sock):
    """Sends back each frame of the client, unmasked, up to its close frame."""
    opcode = None
    with sock.makefile("rb") as stream:
        while opcode != OPCODE_CLOSE:
            first, length = stream.read(2)
            mask = stream.read(4)
            masked = stream.read(length & 0x7F)
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
            sock.sendall(bytes([first, len(payload)]) + payload)
            opcode = first & 0x0F


def by_hand(environ):
    send_handshake(environ["gunicorn.socket"], environ)
    echo_frames(environ["gunicorn.socket"])


def ws_stop(environ, start_response):
    by_hand(environ)
    raise StopIteration


def ws_list(environ, start_response):
    by_hand(environ)
    return []


def ws_none(environ, start_response):
    by_hand(environ)


def ws_generator(environ, start_response):
    by_hand(environ)
    yield from ()


def ws_empty_piece(environ, start_response):
    by_hand(environ)
    yield b""


def ws_101(environ, start_response):
    start_response(SWITCHING, upgrade_fields(environ))
    echo_frames(environ["gunicorn.socket"])
    return []


def ws_101_generator(environ, start_response):
    start_response(SWITCHING, upgrade_fields(environ))
    yield b""
    echo_frames(environ["gunicorn.socket"])


def ws_101_used_before(environ, start_response):
    sock = environ["gunicorn.socket"]
    sock.getpeername()
    start_response(SWITCHING, upgrade_fields(environ))
    sock.sendall(b"\x81\x05first")
    echo_frames(sock)
    return []


def library_handshake(environ):
    """The same with wsproto: its side of a connection whose request has come."""
    from wsproto import WSConnection
    from wsproto.connection import ConnectionType

    connection = WSConnection(ConnectionType.SERVER)
    connection.initiate_upgrade_connection(
        [
            (name[5:].replace("_", "-").lower().encode(), value.encode())
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ],
        environ["RAW_URI"],
    )
    return connection


def library_answers(connection, sock):
    """Answers what has come; False when the client has said goodbye."""
    from wsproto.events import AcceptConnection, CloseConnection, Message, Request

    for event in connection.events():
        if isinstance(event, Request):
            sock.sendall(connection.send(AcceptConnection()))
        elif isinstance(event, Message):
            echo = Message(event.data, message_finished=event.message_finished)
            sock.sendall(connection.send(echo))
        elif isinstance(event, CloseConnection):
            sock.sendall(connection.send(event.response()))
            return False
    return True


def library_receives(connection, sock):
    data = sock.recv(4096)
    connection.receive_data(data or None)
    return data


def ws_library(environ, start_response):
    sock, connection = environ["gunicorn.socket"], library_handshake(environ)
    while library_answers(connection, sock) and library_receives(connection, sock):
        pass
    raise StopIteration


def ws_waiting(environ, start_response):
    """The same, while others have their turns."""
    sock, connection = environ["gunicorn.socket"], library_handshake(environ)
    while library_answers(connection, sock):
        yield from environ["ucorn.wait"](fd=sock)
        if not library_receives(connection, sock):
            break


PAGE = """<!doctype html>
<script>
const socket = new WebSocket(`ws://${location.host}/ws_library`);
const seen = [];
const note = (what) => { seen.push(what); };
socket.onopen = () => { note("open"); socket.send("hello \u20ac"); };
socket.onmessage = (e) => {
    note(e.data.length < 100 ? e.data : e.data.length);
    if (seen.length == 2) socket.send("x".repeat(100000));
    else socket.close(1000, "enough");
};
socket.onerror = () => { note("error"); };
socket.onclose = (e) => {
    note(`closed ${e.code} ${e.reason} ${e.wasClean}`);
    fetch("/browser_says", {method: "POST", body: JSON.stringify(seen)});
};
</script>
"""


def browser(environ, start_response):
    """A page that opens a websocket, and reports what it has seen."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE.encode()]


def browser_says(environ, start_response):
    print("browser:", environ["wsgi.input"].read().decode(), flush=True)
    return text(start_response, "heard")


# Taken over, and kept.


def keep(environ, start_response):
    kept[query(environ)["id"]] = environ["gunicorn.socket"]
    environ["gunicorn.socket"].sendall(b"kept")
    return []


def say(environ, start_response):
    arguments = query(environ)
    kept[arguments["id"]].sendall(arguments["text"].encode())
    return text(start_response, "said")


def drop(environ, start_response):
    with kept.pop(query(environ)["id"]):
        pass
    return text(start_response, "dropped")


def cycle(environ, start_response):
    """As some frameworks do: only the garbage collector will free this environ."""
    environ["x.environ"] = environ
    environ["gunicorn.socket"].sendall(b"cycle")
    return []


# Used, and answered all the same.


def used(environ, start_response):
    return as_json(start_response, environ["gunicorn.socket"].getpeername())


def used_late(environ, start_response):
    start_response("200 OK", [])
    yield b"before,"
    environ["gunicorn.socket"].getpeername()
    yield b"after"


def used_file(environ, start_response):
    environ["gunicorn.socket"].getpeername()
    return from_file(environ, start_response)


def used_boom(environ, start_response):
    environ["gunicorn.socket"].getpeername()
    raise RuntimeError("boom was asked for")


def properties(environ, start_response):
    sock = environ["gunicorn.socket"]
    with sock.dup() as dup:
        shown = {
            "same": sock is environ["gunicorn.socket"],
            "is a socket": isinstance(sock, socket.socket),
            "class": type(sock).__name__,
            "own": os.path.sameopenfile(sock.fileno(), dup.fileno()),
            "inheritable": sock.get_inheritable(),
            "timeout": sock.gettimeout(),
            "blocking": os.get_blocking(sock.fileno()),
            "writable": select.select([], [sock], [], 0)[1] == [sock],
            "repr": repr(sock),
        }
    return as_json(start_response, shown)


# Not used.


def look(environ, start_response):
    """What may be asked of any object."""
    sock = environ["gunicorn.socket"]
    looks = [isinstance(sock, socket.socket), isinstance(sock, int), hasattr(sock, "__html__")]
    return as_json(start_response, [*looks, repr(sock), str(dict(environ)).count(repr(sock))])


def stop(environ, start_response):
    raise StopIteration


def is_connected(descriptor):
    """Whether it is a client's connection."""
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:  # a file, or gone
        return False
    try:
        return sock.family == socket.AF_INET and bool(sock.getpeername())
    except OSError:  # a listener
        return False
    finally:
        sock.detach()


def connections(environ, start_response):
    """How many descriptors of clients' connections are open, this one's included."""
    descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    return text(start_response, sum(map(is_connected, descriptors)))


def environ_size(environ, start_response):
    return text(start_response, sys.getsizeof(environ))


def marked(environ, start_response):
    """What earlier requests have hung on the object, without using it."""
    sock = environ["gunicorn.socket"]
    found = [marks.get(sock), vars(sock).get("mark") if hasattr(sock, "__dict__") else None]
    marks[sock] = environ["QUERY_STRING"]
    if hasattr(sock, "__dict__"):
        sock.mark = environ["QUERY_STRING"]
    return as_json(start_response, found)


# Not used, and kept.


def remember(environ, start_response):
    kept[query(environ)["id"]] = environ["gunicorn.socket"]
    return text(start_response, "remembered")


def remembered(environ, start_response):
    sock = kept[query(environ)["id"]]
    try:
        return as_json(start_response, [sock.fileno(), sock.send(b"")])
    except OSError as error:
        return as_json(start_response, [sock.fileno(), error.errno])


ROUTES = {
    f"/{function.__name__}": function
    for function in (
        ws_stop, ws_list, ws_none, ws_generator, ws_empty_piece, ws_101, ws_101_generator,
        ws_101_used_before, ws_library, ws_waiting, browser, browser_says, keep, say, drop, cycle, used, used_late, used_file,
        used_boom, properties, look, marked, stop, connections, environ_size, remember, remembered,
    )
}  # fmt: skip


def app(environ, start_response):
    route = ROUTES.get(environ["PATH_INFO"], wsgiapp.application)
    return route(environ, start_response)
