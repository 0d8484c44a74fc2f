"""Applications that an ini file of PasteDeploy describes."""

import os

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.config import get_default_config_file
from gunicorn.errors import ConfigError
from ucorn.paster import get_wsgi_app, has_logging_config


def config_uri(paste):
    """PATH[#name] with the whole path."""
    path, mark, name = paste.partition("#")
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise ConfigError("%r not found" % path)
    return path + mark + name


def config_path(paste):
    return config_uri(paste).partition("#")[0]


class PasterServerApplication(WSGIApplication):
    """app is ready made; settings come from its ini file, the command line is somebody else's."""

    def __init__(self, app, path, config, settings):
        self.ready_app = app
        self.config_path = path
        self.config_file = config
        self.own_settings = settings
        super().__init__()

    def load_config(self):
        self.cfg.set("default_proc_name", self.config_path)
        if has_logging_config(self.config_path):
            self.cfg.set("logconfig", self.config_path)
        file = self.config_file or get_default_config_file()
        if file:
            self.load_config_from_file(file)
        for name, value in self.own_settings.items():
            if value is not None:
                self.cfg.set(name.lower(), value)

    def load(self):
        return self.ready_app


def serve(app, global_conf, **local_conf):
    """The runner that `use = egg:gunicorn#main` names."""
    config = local_conf.pop("config", None)
    host, port = local_conf.pop("host", ""), local_conf.pop("port", "")
    if host:
        local_conf["bind"] = "%s:%s" % (host, port) if port else host.split(",")
    PasterServerApplication(app, global_conf["__file__"], config, local_conf).run()
