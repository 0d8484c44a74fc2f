"""The class that worker classes inherit from, with the methods and attributes that they and hooks
may use.  The objects of ucorn's own workers only look like instances of it."""

import io
import os
import random
import signal
import sys
import time
import traceback

from gunicorn import util
from gunicorn.http import errors
from gunicorn.reloader import note_imports, reloader_engines
from gunicorn.workers.workertmp import WorkerTmp

#: What a client is told: the first row whose class fits.
PAGES = (
    (errors.ExpectationFailed, 417, "Expectation Failed", "%s"),
    (errors.LimitRequestHeaders, 431, "Request Header Fields Too Large",
     "Error parsing headers: '%s'"),
    (errors.UnsupportedTransferCoding, 501, "Bad Request", "%s"),
    (errors.ConfigurationProblem, 500, "Bad Request", "%s"),
    (errors.ForbiddenProxyRequest, 403, "Forbidden", "Request forbidden"),
    (errors.InvalidRequestLine, 400, "Bad Request", "Invalid Request Line '%s'"),
    (errors.InvalidRequestMethod, 400, "Bad Request", "Invalid Method '%s'"),
    (errors.InvalidHTTPVersion, 400, "Bad Request", "Invalid HTTP Version '%s'"),
    (errors.ParseException, 400, "Bad Request", "%s"),
)  # fmt: skip


class Worker:
    """run() serves, until alive is false, and calls notify() more often than every timeout."""

    SIGNALS = [
        getattr(signal, "SIG" + name)
        for name in ("ABRT", "HUP", "QUIT", "INT", "TERM", "USR1", "USR2", "WINCH", "CHLD")
    ]
    PIPE = []

    def __init__(self, age, ppid, sockets, app, timeout, cfg, log):
        """In the master, before the fork."""
        self.age = age
        self.pid = "[booting]"
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.timeout = timeout
        self.cfg = cfg
        self.log = log
        self.booted = self.aborted = False
        self.reloader = None
        self.alive = True
        self.nr = 0
        self.max_requests = sys.maxsize
        if cfg.max_requests > 0:
            self.max_requests = cfg.max_requests + random.randint(0, cfg.max_requests_jitter)
        self.tmp = WorkerTmp(cfg)

    def __str__(self):
        return "<Worker %s>" % self.pid

    def notify(self):
        self.tmp.notify()

    def run(self):
        raise NotImplementedError

    # The life of a worker.

    def init_process(self):
        """In the worker.  Ends with run(), so whoever overrides it calls this one last."""
        os.environ.update(self.cfg.env)
        self._change_user()
        util.seed()
        self._close_to_children()
        self.init_signals()
        if self.cfg.reload:
            self._watch_files()
        self.load_wsgi()
        if self.reloader:
            self.reloader.start()
        self.cfg.post_worker_init(self)
        self.booted = True
        self.run()

    def _change_user(self):
        util.set_owner_process(self.cfg.uid, self.cfg.gid, initgroups=self.cfg.initgroups)

    def _close_to_children(self):
        self.PIPE = os.pipe()
        for end in self.PIPE:
            util.set_non_blocking(end)
        for descriptor in [*self.PIPE, *self.sockets, self.tmp]:
            util.close_on_exec(descriptor)
        self.wait_fds = [*self.sockets, self.PIPE[0]]
        self.log.close_on_exec()

    def _watch_files(self):
        self.log.warning("Reloader is on. Use in development only!")
        note_imports()
        engine = reloader_engines[self.cfg.reload_engine]
        self.reloader = engine(
            extra_files=self.cfg.reload_extra_files, callback=self._file_changed
        )

    def _file_changed(self, name):
        """In the reloader's thread."""
        self.log.info("Worker reloading: %s modified", name)
        self.alive = False
        os.write(self.PIPE[1], b"1")
        self.cfg.worker_int(self)
        os.kill(os.getpid(), signal.SIGTERM)  # some loops never look at alive
        sys.exit(0)

    def load_wsgi(self):
        """With reload, an application that cannot be compiled is one that shows why."""
        try:
            self.wsgi = self.app.wsgi()
        except SyntaxError as error:
            if not self.cfg.reload:
                raise
            self.log.exception(error)
            if self.reloader is not None and error.filename is not None:
                self.reloader.add_extra_file(error.filename)
                self.reloader.distrust_imports()
            with io.StringIO() as text:
                traceback.print_exc(file=text)
                self.wsgi = util.make_fail_app(text.getvalue())

    # Signals.

    def init_signals(self):
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        handlers = {
            signal.SIGTERM: self.handle_exit,
            signal.SIGQUIT: self.handle_quit,
            signal.SIGINT: self.handle_quit,
            signal.SIGABRT: self.handle_abort,
            signal.SIGUSR1: self.handle_usr1,
            signal.SIGWINCH: self.handle_winch,
        }
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.siginterrupt(number, False)  # requests go on undisturbed
        signal.set_wakeup_fd(self.PIPE[1])

    def handle_exit(self, sig, frame):
        self.alive = False

    def handle_quit(self, sig, frame):
        self.alive = False
        self.cfg.worker_int(self)
        time.sleep(0.1)
        sys.exit(0)

    def handle_abort(self, sig, frame):
        self.alive = False
        self.cfg.worker_abort(self)
        sys.exit(1)

    def handle_usr1(self, sig, frame):
        self.log.reopen_files()

    def handle_winch(self, sig, frame):
        self.log.debug("worker: SIGWINCH ignored.")

    # Requests.

    def handle_error(self, req, client, addr, exc):
        """Logs what went wrong with a request, and answers with a page about it."""
        for kind, status, reason, template in PAGES:
            if isinstance(exc, kind):
                message = template % exc if "%" in template else template
                address = addr[0] if addr else ""
                self.log.warning("Invalid request from ip=%s: %s", address, exc)
                break
        else:
            status, reason, message = 500, "Internal Server Error", ""
            names = [getattr(req, name, None) for name in ("method", "uri")]
            which = " ".join(name for name in names if name) or "(no URI read)"
            self.log.exception("Error handling request %s", which)
        try:
            util.write_error(client, status, reason, message)
        except (OSError, ValueError):
            self.log.debug("Failed to send error message.")
