"""The Django test project: made ready by its own manage.py."""

import os
import subprocess

from .server import APPS, PYTHON

PROJECT = APPS / "djangoproject"
USER, PASSWORD = "admin", "correct horse"


def make_site(directory):
    """Makes database and superuser in directory; returns the options with which
    serve() starts the project."""
    site = {"SITE_DIR": str(directory)}
    environ = {
        **os.environ,
        **site,
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SUPERUSER_USERNAME": USER,
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "DJANGO_SUPERUSER_EMAIL": "admin@localhost.invalid",
    }
    for command in (["migrate", "--verbosity", "0"], ["createsuperuser", "--noinput"]):
        subprocess.run(
            [PYTHON, "manage.py", *command],
            cwd=PROJECT, env=environ, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return {"env": site, "cwd": PROJECT}
