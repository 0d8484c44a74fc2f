"""Other settings of the project, to be chosen by DJANGO_SETTINGS_MODULE."""

from .settings import *  # noqa: F403

GREETING = "winter"
