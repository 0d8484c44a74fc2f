"""What the functional tests share: the server under test, HTTP over raw
sockets, processes seen through /proc, and waiting with a deadline."""
