from shared.base import *  # noqa: F403

workers += 1  # noqa: F405
