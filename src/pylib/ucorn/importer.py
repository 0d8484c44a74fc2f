"""Imports the modules that are part of the program, before any file could be found in their place.

They have no __file__.  Tracebacks and inspect get their lines from the loader; the file name they
show, <ucorn>/gunicorn/util.py, is no file's."""

import importlib
import marshal
import sys
import types
from importlib.machinery import ModuleSpec

#: What the server calls itself: include/ucorn/util/names.h, in small letters without NAME_.
names = {}


class Importer:
    """A finder and a loader.  modules: name -> (source, bytecode or None), both as bytes; a name
    with names below it is a package."""

    def __init__(self, modules):
        self.modules = modules
        self.packages = {name.rpartition(".")[0] for name in modules}
        self.hidden = ""  # a package that is left to other finders
        self.originals = {}

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules or self._is_hidden(name):
            return None
        return ModuleSpec(name, self, origin="ucorn", is_package=name in self.packages)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)
        self.originals[module.__name__] = originals(module)

    def is_package(self, name):
        return name in self.packages

    def get_code(self, name):
        source, code = self.modules[name]
        if code is not None:
            return marshal.loads(code)
        return compile(bytes(source), self._shown_name(name), "exec", dont_inherit=True)

    def get_source(self, name):
        return str(self.modules[name][0], "utf-8")

    def _shown_name(self, name):
        end = "/__init__.py" if name in self.packages else ".py"
        return "<ucorn>/" + name.replace(".", "/") + end

    # The installed gunicorn in place of ours.

    def hide(self, package):
        """Leaves package to other finders, "" to none.  What was imported from the other side
        before is imported anew when it is next asked for."""
        if package == self.hidden:
            return
        changed = package or self.hidden
        self.hidden = package
        for name in _imported(changed):
            del sys.modules[name]
            self.originals.pop(name, None)

    def save(self, package):
        """Which side package comes from, and what has been imported of it."""
        modules = {name: sys.modules[name] for name in _imported(package)}
        return package, self.hidden, modules, dict(self.originals)

    def restore(self, saved):
        package, self.hidden, modules, originals_before = saved
        for name in _imported(package):
            del sys.modules[name]
        sys.modules.update(modules)
        self.originals.clear()
        self.originals.update(originals_before)

    def _is_hidden(self, name):
        return name.partition(".")[0] == self.hidden


def _imported(package):
    return [name for name in sys.modules if name.partition(".")[0] == package]


def originals(module):
    """(name, value, attributes if it is a class) of all that a module has made."""
    return [
        (name, value, dict(vars(value)) if isinstance(value, type) else None)
        for name, value in vars(module).items()
        if not name.startswith("__") and not isinstance(value, types.ModuleType)
    ]


def submodule(package, name):
    """For a package's __getattr__: a module below it that nobody has imported yet."""
    whole = "%s.%s" % (package, name)
    if whole in importer.modules:
        return importlib.import_module(whole)
    raise AttributeError("module %r has no attribute %r" % (package, name))


def install(modules, program_names, title_function):
    """Called once, when all modules but this one are still to be imported."""
    global importer, set_title
    set_title = title_function
    importer = Importer(modules)
    names.update(program_names)
    __spec__ = importer.find_spec(__name__)
    globals().update(__spec__=__spec__, __loader__=importer, __package__="ucorn")
    sys.meta_path.insert(0, importer)
