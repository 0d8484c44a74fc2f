"""Threads that notice changed files (reload), also for workers of one's own."""

import functools
import glob
import os
import select
import sys
import threading
from importlib.machinery import SourceFileLoader


class ReloaderBase(threading.Thread):
    """callback(name) is called in this thread for each file that has changed: of the imported
    modules, and those of extra_files, which may be patterns."""

    def __init__(self, extra_files=None, interval=1, callback=None):
        super().__init__(daemon=True)
        self._extra_files = set(extra_files or ())
        self._interval = interval
        self._callback = callback

    def add_extra_file(self, filename):
        self._extra_files.add(filename)

    def get_files(self):
        """All files there are now."""
        files = {
            path[:-1] if path.endswith((".pyc", ".pyo")) else path
            for module in list(sys.modules.values())
            for path in [getattr(module, "__file__", None)]
            if isinstance(path, str)
        }
        for name in self._extra_files:
            files.update(glob.glob(name, recursive=True) if set("*?[") & set(name) else [name])
        return sorted(files)


#: {path: the time it had before it was last read} of modules imported since note_imports().
_read = {}


def note_imports():
    """Once in a process."""
    path_stats = SourceFileLoader.path_stats

    @functools.wraps(path_stats)
    def noting(self, path):
        stats = path_stats(self, path)
        _read[path] = stats["mtime"]
        return stats

    SourceFileLoader.path_stats = noting


class Reloader(ReloaderBase):
    """Looks at the files' times, every interval seconds."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._times = {}
        self._stop_asked = threading.Event()

    def start(self):
        # Here, not in the thread: what changes from now on counts.
        for name in self._watched_files():
            if name not in self._times:
                self._has_changed(name)
        super().start()

    def distrust_imports(self):
        """Before start(): what has changed since it was imported counts, too.  An import may have
        failed for nothing but this, when it has read half a file.  Not after one that went well:
        an application that writes modules while it is imported would be reloaded for ever."""
        self._times.update(_read)

    def run(self):
        while self._wait():
            for name in self._changed():
                if self._callback:
                    self._callback(name)

    def _wait(self):
        """False: there is nothing to be done any more."""
        return not self._stop_asked.wait(self._interval)

    def _changed(self):
        """Files with other times than when this was last called."""
        return [name for name in self._watched_files() if self._has_changed(name)]

    def _watched_files(self):
        return self.get_files()

    def _has_changed(self, name):
        try:
            now = os.stat(name).st_mtime  # a float, as path_stats gives it
        except OSError:
            return False  # an editor may be about to put a new one there
        before = self._times.setdefault(name, now)
        self._times[name] = now
        return before != now


class InotifyReloader(Reloader):
    """Looks as soon as the kernel tells of a change in one of the files' folders; and every
    interval seconds, since not every file system tells (network, some containers)."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._folders = Folders()

    def _watched_files(self):
        files = self.get_files()
        self._folders.watch({os.path.dirname(os.path.abspath(name)) for name in files})
        return files

    def _wait(self):
        self._folders.wait(self._interval)
        return not self._stop_asked.is_set()


class Folders:
    """inotify(7)"""

    # <sys/inotify.h>: MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE
    MASK = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200

    def __init__(self):
        import ctypes

        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._watched = set()

    def watch(self, folders):
        """A folder that cannot be watched is left to the looks every interval."""
        for folder in folders - self._watched:
            self._watched.add(folder)
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), self.MASK)

    def wait(self, seconds):
        if select.select([self._descriptor], [], [], seconds)[0]:
            os.read(self._descriptor, 65536)


def best(*args, **kwargs):
    """inotify, unless the system allows no more of it."""
    try:
        return InotifyReloader(*args, **kwargs)
    except (ImportError, AttributeError, OSError):
        return Reloader(*args, **kwargs)


preferred_reloader = best
reloader_engines = {"auto": best, "poll": Reloader, "inotify": InotifyReloader}
