"""A worker's sign of life, as gunicorn's workers give it: the time of a file without a name."""

import os
import tempfile
import time

from gunicorn import util


class WorkerTmp:
    def __init__(self, cfg):
        folder = cfg.worker_tmp_dir
        if folder and not os.path.isdir(folder):
            raise RuntimeError("%s doesn't exist. Can't create workertmp." % folder)
        umask = os.umask(cfg.umask)
        try:
            fd, path = tempfile.mkstemp(prefix="wgunicorn-", dir=folder)
        finally:
            os.umask(umask)
        self._tmp = os.fdopen(fd, "w+b", buffering=0)
        try:
            if (cfg.uid, cfg.gid) != (os.geteuid(), os.getegid()):
                util.chown(path, cfg.uid, cfg.gid)
        finally:
            util.unlink(path)

    def notify(self):
        """The clock that nobody sets is compared with itself, so the file's date is no date."""
        now = time.monotonic()
        os.utime(self.fileno(), (now, now))

    def last_update(self):
        return os.fstat(self.fileno()).st_mtime

    def fileno(self):
        return self._tmp.fileno()

    def close(self):
        self._tmp.close()
