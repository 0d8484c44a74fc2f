"""The server in tornado's IOLoop; and applications of tornado's own, which bring their server."""

import asyncio
import os
import socket

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate, HTTPServerConnectionDelegate
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.wsgi import WSGIContainer

from ucorn import hubs


begun_by = None


def begin():
    """The application finds a loop of this process, in which nothing runs yet."""
    global begun_by
    if begun_by != os.getpid():
        asyncio.set_event_loop(asyncio.new_event_loop())
        begun_by = os.getpid()


class Guest(hubs.Guest):
    def __init__(self, descriptor, tick, turn):
        super().__init__(turn)
        self.loop = IOLoop.current()
        self.descriptor = descriptor
        self.timer = PeriodicCallback(self.serve, tick * 1000)

    def start(self):
        self.loop.add_handler(self.descriptor, self.serve, IOLoop.READ)
        self.timer.start()
        self.call_soon()

    def stop(self):
        self.loop.remove_handler(self.descriptor)
        self.timer.stop()

    def schedule(self, function):
        self.loop.add_callback(function)

    def end(self):
        self.loop.stop()

    def serve(self, *_):
        # Applications are no coroutines: Django would refuse to work, asyncio.run() too.
        running = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            super().serve()
        finally:
            asyncio._set_running_loop(running)


class NativeGuest(Guest):
    """Beside tornado's own server, whose clients it counts."""

    def __init__(self, descriptor, tick, turn, worker):
        super().__init__(descriptor, tick, turn)
        self.worker = worker
        self.server = Server(worker.wsgi, no_keep_alive=worker.cfg.keepalive <= 0)
        self.server.guest = self

    def start(self):
        self.server.add_sockets(
            # Of its own: it closes them.
            socket.socket(fileno=os.dup(listener.fileno()))
            for listener in self.worker.sockets
        )
        super().start()

    def serve(self, *_):
        if not self.worker.alive:
            self.server.leave()
        self.turn_counted()

    def turn_counted(self):
        turn = self.turn
        self.turn = lambda: turn(self.server.count(), self.server.requests)
        try:
            super().serve()
        finally:
            self.turn = turn


class Server(HTTPServer):
    def initialize(self, *args, **kwargs):
        super().initialize(*args, **kwargs)
        self.requests = 0
        self.leaving = False
        self.busy = set()  # connections with a request

    def count(self):
        return len(self._connections)

    def start_request(self, server_conn, request_conn):
        """The one before has been answered."""
        self.ended(server_conn)
        return Request(super().start_request(server_conn, request_conn), self, server_conn)

    def on_close(self, server_conn):
        self.ended(server_conn)
        super().on_close(server_conn)
        if self.leaving:
            self.guest.call_soon()

    def begun(self, server_conn):
        self.requests += 1
        self.busy.add(server_conn)

    def ended(self, server_conn):
        self.busy.discard(server_conn)
        if self.leaving:
            server_conn.stream.close()

    def leave(self):
        """Takes who waits already, and nobody else; connections end with their request."""
        if self.leaving:
            return
        for sock in list(self._sockets.values()):
            self._accept_waiting(sock)
        self.leaving = True
        self.stop()
        self.conn_params.no_keep_alive = True
        # One more request may be on its way, whose answer will say that it is the last.
        self.guest.loop.call_later(max(self.guest.worker.cfg.keepalive, 1), self.close_idle)

    def close_idle(self):
        for server_conn in self._connections - self.busy:
            if not self._has_come(server_conn):
                server_conn.stream.close()
        self.guest.call_soon()

    def _accept_waiting(self, sock):
        while True:
            try:
                connection, address = sock.accept()
            except OSError:
                return
            self._handle_connection(connection, address)

    @staticmethod
    def _has_come(server_conn):
        """A last look whether there is a request."""
        try:
            return bool(server_conn.stream.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


class Request(HTTPMessageDelegate):
    """Tells the server when a request has come."""

    def __init__(self, delegate, server, server_conn):
        self.delegate = delegate
        self.server = server
        self.server_conn = server_conn

    def headers_received(self, start_line, headers):
        self.server.begun(self.server_conn)
        return self.delegate.headers_received(start_line, headers)

    def data_received(self, chunk):
        return self.delegate.data_received(chunk)

    def finish(self):
        self.delegate.finish()

    def on_connection_close(self):
        self.delegate.on_connection_close()


guest = None


def run(descriptor, tick, turn, worker):
    global guest
    begin()
    if isinstance(worker.wsgi, (HTTPServerConnectionDelegate, WSGIContainer)):
        guest = NativeGuest(descriptor, tick, turn, worker)
    else:
        guest = Guest(descriptor, tick, turn)
    guest.start()
    guest.loop.start()


def call_soon():
    guest.call_soon()


def in_hub():
    return False
