"""The application that a command line names."""

from gunicorn import util
from gunicorn.app.base import Application
from gunicorn.errors import ConfigError


class WSGIApplication(Application):
    app_uri = None

    def init(self, parser, opts, args):
        """From the command line: the ini file of --paste, else the first argument."""
        self.app_uri = None
        if opts.paste:
            from gunicorn.app import pasterapp

            path = pasterapp.config_path(opts.paste)
            self.app_uri = pasterapp.config_uri(opts.paste)
            self.cfg.set("default_proc_name", path)
            if pasterapp.has_logging_config(path):
                self.cfg.set("logconfig", path)
        elif args:
            self.app_uri = args[0]
            self.cfg.set("default_proc_name", self.app_uri)

    def load_config(self):
        super().load_config()
        if self.app_uri is None:
            self.app_uri = self.cfg.wsgi_app
        if self.app_uri is None:
            raise ConfigError("No application module specified.")

    def load_wsgiapp(self):
        return util.import_app(self.app_uri)

    def load_pasteapp(self):
        from gunicorn.app.pasterapp import get_wsgi_app

        return get_wsgi_app(self.app_uri, defaults=self.cfg.paste_global_conf)

    def load(self):
        return self.load_wsgiapp() if self.cfg.paste is None else self.load_pasteapp()


def run(prog=None):
    """What the command gunicorn does."""
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog=prog).run()
