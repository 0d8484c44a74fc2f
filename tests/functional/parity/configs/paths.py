import pathlib

BASE = pathlib.Path(__file__).resolve().parent
chdir = str(BASE)
pidfile = str(BASE / "run.pid")
accesslog = str(BASE / "access.log")
capture_output = True
