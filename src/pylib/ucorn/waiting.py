"""environ['ucorn.wait'] where the application has a thread or a greenlet of its own, which may
wait.  The modules' functions are looked up at each call: gevent and eventlet replace them."""
import select
import time


def wait_here(timeout, fd, write):
    """Whether fd gets ready; timeout in seconds or None, fd -1 for none."""
    if fd < 0:
        time.sleep(timeout)
        return False
    if not hasattr(select, "poll"):  # eventlet takes it away
        try:
            return any(select.select([] if write else [fd], [fd] if write else [], [], timeout))
        except PermissionError:  # of epoll: a file, which is always ready
            return True
    poll = select.poll()
    poll.register(fd, select.POLLOUT if write else select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))
