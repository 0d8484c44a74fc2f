"""The application of a mixed load: what loadapp does, and all that wsgiapp can."""

import loadapp
import wsgiapp


def app(environ, start_response):
    chosen = loadapp.app if "HTTP_X_ID" in environ else wsgiapp.application
    return chosen(environ, start_response)
