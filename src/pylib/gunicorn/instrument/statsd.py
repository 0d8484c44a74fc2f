"""The logger that sends metrics, which is the server's own."""

import sys

import ucorn.statsd

sys.modules[__name__] = ucorn.statsd
