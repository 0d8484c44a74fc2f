"""systemd's protocols for services (sd_listen_fds(3), sd_notify(3))."""

import os
import socket

SD_LISTEN_FDS_START = 3


def listen_fds(unset_environment=True):
    """How many sockets this process was given, from SD_LISTEN_FDS_START on."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return 0
    count = int(os.environ.get("LISTEN_FDS", 0))
    if unset_environment:
        for name in ("LISTEN_PID", "LISTEN_FDS"):
            os.environ.pop(name, None)
    return count


def sd_notify(state, logger, unset_environment=False):
    """Tells the service manager, if there is one: "READY=1"."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address[0] == "@":
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            sock.sendall(state.encode())
    except OSError:
        logger.debug("Exception while invoking sd_notify()", exc_info=True)
    finally:
        if unset_environment:
            del os.environ["NOTIFY_SOCKET"]
