import platform
import sys

if platform.system() == "Linux" and sys.version_info >= (3, 6):
    worker_tmp_dir = "/dev/shm"
elif sys.platform == "darwin":
    worker_tmp_dir = "/tmp"
try:
    import no_such_module  # noqa: F401

    worker_class = "gevent"
except ImportError:
    worker_class = "sync"
