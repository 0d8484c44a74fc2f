"""Applications with their settings, as gunicorn's own command and custom ones describe them.

They can be made, configured and loaded.  run() is not offered yet: ucorn is a program that starts
Python, and not the other way round."""

import importlib.machinery
import importlib.util
import os
import sys
import traceback

from gunicorn import debug, util
from gunicorn.config import Config, get_default_config_file


class BaseApplication:
    """Subclasses have load_config(), which fills self.cfg, and load(): the application."""

    def __init__(self, usage=None, prog=None):
        self.usage = usage
        self.prog = prog
        self.cfg = None
        self.callable = None
        self.logger = None
        self.do_load_config()

    def do_load_config(self):
        """Ends the process when the settings are wrong."""
        try:
            self.load_default_config()
            self.load_config()
        except Exception as error:
            print("\nError: %s" % error, file=sys.stderr, flush=True)
            sys.exit(1)

    def load_default_config(self):
        self.cfg = Config(self.usage, prog=self.prog)

    def init(self, parser, opts, args):
        raise NotImplementedError

    def load(self):
        raise NotImplementedError

    def load_config(self):
        raise NotImplementedError

    def reload(self):
        self.do_load_config()
        if self.cfg.spew:
            debug.spew()

    def wsgi(self):
        """What load() gave at first."""
        if self.callable is None:
            self.callable = self.load()
        return self.callable

    def run(self):
        raise RuntimeError(
            "%s.run(): this version of ucorn cannot be started from Python yet. Start it as a "
            "program (ucorn [OPTIONS] MODULE:NAME), with the options in a configuration file "
            "(ucorn -c FILE), or run this script with gunicorn." % type(self).__name__
        )


class Application(BaseApplication):
    """With settings from a configuration file, the environment and the command line."""

    def chdir(self):
        os.chdir(self.cfg.chdir)
        if self.cfg.chdir not in sys.path:
            sys.path.insert(0, self.cfg.chdir)

    # Configuration files.

    def get_config_from_filename(self, filename):
        """What is in the file after it was run as the module __config__."""
        if not os.path.exists(filename):
            raise RuntimeError("%r doesn't exist" % filename)
        loader = None
        if os.path.splitext(filename)[1] not in (".py", ".pyc"):
            util.warn("configuration file should have a valid Python extension.\n")
            loader = importlib.machinery.SourceFileLoader("__config__", filename)
        try:
            spec = importlib.util.spec_from_file_location("__config__", filename, loader=loader)
            module = sys.modules["__config__"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        except Exception:
            print("Failed to read config file: %s" % filename, file=sys.stderr)
            traceback.print_exc()
            sys.stderr.flush()
            sys.exit(1)
        return vars(module)

    def get_config_from_module_name(self, module_name):
        return vars(importlib.import_module(module_name))

    def load_config_from_module_name_or_filename(self, location):
        """python:MODULE, file:PATH or PATH."""
        if location.startswith("python:"):
            values = self.get_config_from_module_name(location[len("python:") :])
        else:
            path = location[len("file:") :] if location.startswith("file:") else location
            values = self.get_config_from_filename(path)
        for name, value in values.items():
            if name in self.cfg.settings:
                self._set(name, value)
        return values

    def load_config_from_file(self, filename):
        return self.load_config_from_module_name_or_filename(filename)

    def _set(self, name, value):
        try:
            self.cfg.set(name, value)
        except Exception:
            print("Invalid value for %s: %s\n" % (name, value), file=sys.stderr, flush=True)
            raise

    def load_config(self):
        parser = self.cfg.parser()
        args = parser.parse_args()
        own = self.init(parser, args, args.args)
        self.chdir()
        self._set_all(own or {})
        env_args = parser.parse_args(self.cfg.get_cmd_args_from_env())
        file = args.config or env_args.config or get_default_config_file()
        if file:
            self.load_config_from_file(file)
        for given in (env_args, args):
            self._set_all({n: v for n, v in vars(given).items() if v is not None and n != "args"})
        self.chdir()  # which one of them may have changed

    def _set_all(self, values):
        for name, value in values.items():
            self.cfg.set(name.lower(), value)
