"""wsgiapp, but for paths that it does not know: it would show the environ, and how long that is
depends on the server."""

import wsgiapp


def app(environ, start_response):
    return wsgiapp.ROUTES.get(environ["PATH_INFO"], wsgiapp.hello)(environ, start_response)
