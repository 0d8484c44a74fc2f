"""The application as hooks see it: server.app and worker.app."""

import os
import sys

from ucorn import loader, patches


class WSGIApplication:
    """callable: what the server calls for a request, once it has been imported."""

    def __init__(self, cfg, app_uri):
        self.cfg = cfg
        self.app_uri = app_uri
        self.callable = None
        self.logger = None
        self._before = None  # a change: callable and app_uri until then
        self._stand_in = None  # what serves instead of an application that cannot be imported

    @property
    def __class__(self):
        return patches.shown_as("gunicorn.app.wsgiapp.WSGIApplication", WSGIApplication)

    def wsgi(self):
        """Imports the application, unless that was done before."""
        if self.callable is None:
            self.callable = self.load()
        return self.callable

    def _load(self, app_uri):
        """For the server, whose settings are newer than cfg while it reloads."""
        self.app_uri = app_uri
        try:
            return self.wsgi()
        except Exception as error:
            application = self._stand_in and self._stand_in(error)
            if not application:
                raise
            return application

    def _change(self, again):
        """A reload begins; again: what has been imported is not what is wanted now."""
        self._before = self.callable, self.app_uri
        if again:
            self.callable = None

    def _restore(self):
        """It has failed."""
        self.callable, self.app_uri = self._before

    def load(self):
        return self.load_wsgiapp() if self.cfg.paste is None else self.load_pasteapp()

    def load_pasteapp(self):
        from ucorn import paster

        return paster.load(self.app_uri, self.cfg.paste_global_conf)

    def load_wsgiapp(self):
        return loader.load(self.app_uri)

    def chdir(self):
        folder = self.cfg.chdir
        os.chdir(folder)
        if folder not in sys.path:
            sys.path.insert(0, folder)
