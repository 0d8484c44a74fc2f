"""Threads that notice changed files: the server's own module."""

import sys

import ucorn.reloader

sys.modules[__name__] = ucorn.reloader
