"""What the server calls itself, and as which gunicorn it behaves.

The values stand in include/ucorn/util/names.h, and what they are for in docs/gunicorn.md."""

from ucorn.importer import names

PROGRAM = names["program"]
VERSION = names["version"]
SERVER = names["server"]
SOFTWARE = names["software"]
GUNICORN_VERSION = names["gunicorn_version"]
