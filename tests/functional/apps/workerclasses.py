"""Worker classes as people write them."""

import os
import select
import signal
import sys
import time

from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker


class Plain(Worker):
    """Serves by itself: one request per connection."""

    def run(self):
        while self.alive:
            self.notify()
            for ready in select.select(self.wait_fds, [], [], 0.2)[0]:
                if ready is self.PIPE[0]:
                    os.read(ready, 100)
                else:
                    self.serve(ready)
            if self.nr >= self.max_requests:
                self.log.info("Autorestarting worker after current request.")
                self.alive = False
            if self.ppid != os.getppid():
                self.alive = False

    def serve(self, listener):
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        with client:
            client.setblocking(True)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1000)
            path = head.split()[1].decode()
            status = []
            self.nr += 1
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
            body = b"".join(self.wsgi(environ, lambda line, fields: status.append(line)))
            answer = "HTTP/1.1 %s\r\nContent-Length: %d\r\nX-Pid: %d\r\nConnection: close\r\n\r\n"
            client.sendall((answer % (status[0], len(body), self.pid)).encode() + body)


class Toucher(Plain):
    """Knows that the heartbeat is a file."""

    begun = told = False

    def notify(self):
        self.begun = self.begun or time.monotonic()
        os.fchmod(self.tmp.fileno(), int(time.monotonic() * 100) % 2)
        if not self.told and time.monotonic() > self.begun + 2.5:
            self.told = True
            self.log.info("touched for some time")


class Mute(Plain):
    """Gives its only sign of life at the start."""

    def notify(self):
        if not self.nr:
            super().notify()


class Resender(Plain):
    """Leaves signals to the kernel, but for the time it serves, and ends by the one that it got."""

    def init_signals(self):
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def run(self):
        got = []

        def handle(number, frame):
            got.append(number)
            self.alive = False

        before = {
            number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)
        }
        super().run()
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in got:
            signal.raise_signal(number)


class BadBirth(Plain):
    def __init__(self, *args):
        raise OSError("no room for a worker")


class NeverStarts(Plain):
    def init_process(self):
        raise OSError("no start today")


class NoRun(Worker):
    pass


class NoWorker:
    pass


class Told:
    """Overrides what is overridden in the field, and goes on to super()."""

    @classmethod
    def setup(cls):
        os.environ["SET_UP"] = cls.__name__

    def say(self, what):
        self.log.info("Told.%s by %s", what, "me" if self.pid == os.getpid() else self.pid)

    def init_process(self):
        self.say("init_process")
        super().init_process()

    def init_signals(self):
        super().init_signals()
        signal.signal(signal.SIGUSR2, lambda number, frame: self.say("usr2"))

    def load_wsgi(self):
        super().load_wsgi()
        inner = self.wsgi

        def outer(environ, start_response):
            environ["PATH_INFO"] += f":{self.nr}"
            return inner(environ, start_response)

        self.wsgi = outer

    def notify(self):
        self.say("notify")
        super().notify()
        if self.nr >= 10:
            self.alive = False

    def run(self):
        self.say("run")
        super().run()
        self.say("ran")

    def handle_exit(self, sig, frame):
        self.say("handle_exit")
        super().handle_exit(sig, frame)

    def handle_quit(self, sig, frame):
        self.say("handle_quit")
        super().handle_quit(sig, frame)

    def handle_abort(self, sig, frame):
        self.say("handle_abort")
        super().handle_abort(sig, frame)


class Audible(Told, SyncWorker):
    pass


class AudibleThreads(Told, ThreadWorker):
    pass


class Inner(SyncWorker):
    """Serves requests in another way."""

    def handle_request(self, listener, req, client, addr):
        req.headers = [*req.headers, ("X-INNER", "yes")]
        return super().handle_request(listener, req, client, addr)


class OwnLoop(SyncWorker):
    def run(self):
        while self.alive:
            self.accept(self.sockets[0])


def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/hang"):
        sys.stderr.write("hangs\n")
        while True:
            signal.pause()
    text = " ".join(
        [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_X_INNER", "")]
    )
    fields = [("Content-Length", str(len(text))), ("X-Pid", str(os.getpid()))]
    start_response("200 OK", fields)
    return [text.encode()]
