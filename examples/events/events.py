"""Server-sent events: the time, once a second, and at once what somebody says."""

import socket
import time

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>events</title>
<p id="time"></p>
<form id="form"><input id="text" autofocus> <button>Say</button></form>
<ul id="said"></ul>
<script>
const element = (id) => document.getElementById(id);
const events = new EventSource("/events");
events.addEventListener("time", (e) => { element("time").textContent = e.data; });
events.addEventListener("said", (e) => {
    element("said").appendChild(document.createElement("li")).textContent = e.data;
});
element("form").onsubmit = () => {
    fetch("/say", {method: "POST", body: element("text").value});
    element("text").value = "";
    return false;
};
</script>
"""

SAID_MAX = 4000  # bytes

#: One socket for each stream of this worker: what is sent there is said to its reader.
outboxes = set()


def event(name, text):
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()


def events(environ, start_response):
    start_response(
        "200 OK",
        [
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),  # for nginx
        ],
    )
    outbox, inbox = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    outbox.setblocking(False)
    outboxes.add(outbox)
    try:
        due = time.monotonic()
        while True:
            yield event("time", time.strftime("%H:%M:%S"))
            due += 1
            # Other requests are served until one of the two comes: the next second, or
            # something to read.
            while (yield from environ["ucorn.wait"](max(0, due - time.monotonic()), inbox)):
                yield event("said", inbox.recv(SAID_MAX).decode("utf-8", "replace"))
    finally:  # also when the reader has gone
        outboxes.discard(outbox)
        outbox.close()
        inbox.close()


def say(environ, start_response):
    text = environ["wsgi.input"].read(SAID_MAX)
    for outbox in outboxes:
        try:
            outbox.send(text)
        except BlockingIOError:
            pass  # this reader is too slow: it misses something
    start_response("204 No Content", [])
    return []


def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE.encode()]


ROUTES = {"/events": events, "/say": say}


def app(environ, start_response):
    return ROUTES.get(environ["PATH_INFO"], page)(environ, start_response)
