"""A file with a process id, which is replaced at once and removed by its own process only."""

import os
import tempfile


class Pidfile:
    """fname: None for a temporary one."""

    def __init__(self, fname):
        self.fname = fname
        self.pid = None

    def create(self, pid):
        """RuntimeError when another process that lives has the file."""
        owner = self.validate()
        if owner == os.getpid():
            return
        if owner:
            raise RuntimeError(
                "Already running on PID %s (or pid file '%s' is stale)" % (owner, self.fname)
            )
        folder = os.path.dirname(self.fname or "")
        if folder and not os.path.isdir(folder):
            raise RuntimeError("%s doesn't exist. Can't create pidfile." % folder)
        self.pid = pid
        fd, path = tempfile.mkstemp(dir=folder or (self.fname and ".") or None)
        with os.fdopen(fd, "w") as file:
            file.write("%s\n" % pid)
            os.fchmod(fd, 0o644)
        if self.fname:
            os.rename(path, self.fname)
        else:
            self.fname = path

    def rename(self, path):
        self.unlink()
        self.fname = path
        self.create(self.pid)

    def unlink(self):
        if self.pid is not None and self._read() == self.pid:
            try:
                os.unlink(self.fname)
            except OSError:
                pass

    def validate(self):
        """The process that has the file and lives, or None."""
        pid = self._read()
        try:
            if pid is not None:
                os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass  # somebody else's, but alive
        return pid

    def _read(self):
        try:
            with open(self.fname or "") as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None
