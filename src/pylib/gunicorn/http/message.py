"""What hooks and loggers are given as the request."""

import re

from ucorn.message import Request

#: A method, or the name of a field (RFC 9110, 5.6.2).
TOKEN_RE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

MAX_REQUEST_LINE = 8190
MAX_HEADERS = 32768
DEFAULT_MAX_HEADERFIELD_SIZE = 8190

#: gunicorn's Request inherits from it.
Message = Request
