import glob
import os

reload = True
reload_engine = "poll"
reload_extra_files = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "data", "settings.*")))
