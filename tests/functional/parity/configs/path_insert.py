import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "shared"))
import base  # noqa: E402

workers = base.workers * 2
