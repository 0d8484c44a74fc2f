"""What gunicorn's stock worker classes have before gunicorn's Worker: their subclasses live as that
class says, but the server's own worker serves."""

import sys

from ucorn.patches import refused
from ucorn.worker import Life


class Native(Life):
    _functions = None  # in its process: what the server does for it
    _is_prepared = False
    _replaces = False

    def _born(self, pid, functions):
        super()._born(pid, functions)
        self._functions = functions

    def _prepare(self):
        """Before all else; by run() at the latest, should init_process() have been replaced."""
        if self._functions is None:
            raise refused("%s.%s" % (type(self).__module__, type(self).__qualname__))
        if not self._is_prepared:
            self._is_prepared = True
            replaces = self._functions["prepare"]()
            if replaces < 0:
                sys.exit(3)
            self._replaces = bool(replaces)

    def init_process(self):
        self._prepare()
        super().init_process()

    def _change_user(self):
        """That has been done by the server."""

    def _watch_files(self):
        self._watch(self._replaces)

    def load_wsgi(self):
        self.wsgi = self.app._load(self.app.app_uri)

    def run(self):
        self._prepare()
        code = self._functions["serve"]()
        if code:
            sys.exit(code)

    def handle_quit(self, sig, frame):
        self._end(0)
        super().handle_quit(sig, frame)

    def handle_abort(self, sig, frame):
        self._end(1)
        super().handle_abort(sig, frame)

    def handle_usr1(self, sig, frame):
        self._functions["reopen"]()

    def _notifies(self):
        """Whether notify() is of the user's: then it is called about once a second."""
        return type(self).notify is not Life.notify

    def _end(self, code):
        """Clients are not waited for."""
        if self._functions is not None:
            self._functions["end"](code)
