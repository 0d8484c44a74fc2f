"""The logger, which is the server's own: whatever is changed here is changed there."""

import sys

import ucorn.glogging

sys.modules[__name__] = ucorn.glogging
