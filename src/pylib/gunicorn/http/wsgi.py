"""What hooks and loggers are given as the response, and what an application may ask for by name.

SERVER and SERVER_SOFTWARE may be assigned, here as in the package gunicorn.  The server writes
responses without the class, so that a change of it has no effect; the log says so."""

import logging
import re

from ucorn.message import Response

from gunicorn import SERVER, SERVER_SOFTWARE

__all__ = ["FileWrapper", "Response", "SERVER", "SERVER_SOFTWARE"]

BLKSIZE = 0x3FFFFFFF

#: RFC 9110, 5.5.
HEADER_VALUE_RE = re.compile(r"[ \t\x21-\x7e\x80-\xff]*")

log = logging.getLogger(__name__)


class FileWrapper:
    """PEP 3333: a file in pieces of blksize.  environ["wsgi.file_wrapper"] is the server's own and
    faster; this one is for code that imports it."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        piece = self.filelike.read(self.blksize)
        if not piece:
            raise StopIteration
        return piece

    def __getitem__(self, index):
        try:
            return next(self)
        except StopIteration:
            raise IndexError(index) from None
