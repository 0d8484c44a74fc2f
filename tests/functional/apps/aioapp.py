"""An application for aiohttp's worker classes."""

import os

from aiohttp import web


async def answer(request):
    text = f"{request.method} {request.path} {await request.text()}"
    return web.Response(text=text, headers={"X-Pid": str(os.getpid())})


async def make():
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    return application
