"""Applications for the worker class tornado: native is one of tornado's own."""

import asyncio
import sys

import tornado.ioloop
import tornado.web


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("native")


class Slow(tornado.web.RequestHandler):
    async def get(self):
        """Waits for a second request with the word, or for ever."""
        print("waiting", file=sys.stderr, flush=True)
        event = events.setdefault(self.get_argument("word"), asyncio.Event())
        await event.wait()
        self.write("slow")


class Go(tornado.web.RequestHandler):
    def get(self):
        events.setdefault(self.get_argument("word"), asyncio.Event()).set()

    post = get


events = {}
native = tornado.web.Application([("/", Hello), ("/slow", Slow), ("/go", Go)])


def loop(environ, start_response):
    """Whether a WSGI application is called by the loop."""
    start_response("200 OK", [])
    return [type(tornado.ioloop.IOLoop.current(instance=False)).__name__.encode()]
