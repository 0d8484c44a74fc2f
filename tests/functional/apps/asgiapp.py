"""An ASGI application for worker classes that serve such."""

import os
import sys
import time


def say(text):
    sys.stderr.write(f"lifespan {text} {os.getpid()}\n")


async def lifespan(receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if os.environ.get("LIFESPAN_FAILS"):
                await send({"type": "lifespan.startup.failed", "message": "no database"})
                return
            say("startup")
            await send({"type": "lifespan.startup.complete"})
        else:
            say("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
            return


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["path"] == "/hang":
        time.sleep(600)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    text = b"%s %s %s" % (scope["method"].encode(), scope["path"].encode(), body)
    fields = [(b"content-length", b"%d" % len(text)), (b"x-pid", b"%d" % os.getpid())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": text})
