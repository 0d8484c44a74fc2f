"""gunicorn_nursery.py SCRIPT: runs gunicorn's script again and again, each time as a new process
that begins with the modules of others that gunicorn imports.  Its own are imported anew, since
some of them look at the environment.

Reads one job a line as JSON: args, cwd, env, and the files that stdout and stderr go to;
answers the exit code."""

import json
import os
import runpy
import sys

sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # it has a gunicorn.py, too
import gunicorn.app.wsgiapp

SCRIPT = sys.argv[1]
PATH = [*sys.path]


def next_job():
    """The job that this process, a child, is for; None in the parent when there are no more."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def redirect(descriptor, path, flags):
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


def become(job):
    """As if this process had been started by that command line."""
    redirect(0, os.devnull, os.O_RDONLY)
    redirect(1, job["stdout"], os.O_WRONLY | os.O_APPEND)
    redirect(2, job["stderr"], os.O_WRONLY | os.O_APPEND)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    variable = job["env"].get("PYTHONPATH")
    sys.path[:] = [os.path.dirname(SCRIPT), *(variable.split(":") if variable else []), *PATH]
    sys.argv[:] = [SCRIPT, *job["args"]]


for name in [name for name in sys.modules if name.partition(".")[0] == "gunicorn"]:
    del sys.modules[name]
del gunicorn
if mine := next_job():
    become(mine)
    runpy.run_path(SCRIPT, run_name="__main__")
