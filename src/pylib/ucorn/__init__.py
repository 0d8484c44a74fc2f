"""The Python side of the ucorn server, part of the program itself."""

from ucorn import names

__version__ = names.VERSION
