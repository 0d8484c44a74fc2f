/* The plain transport: a TCP or unix socket.
 *
 * Every call says MSG_DONTWAIT although the socket is non-blocking: O_NONBLOCK
 * belongs to the open file, which whoever holds a dup of the descriptor can
 * change.  sendfile(2) takes no flags; it can raise SIGPIPE, which the process
 * ignores (py/interp.c). */
#include "ucorn/net/io.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "ucorn/util/fd.h"

static ssize_t plain_recv(struct io *io, void *into, size_t len)
{
	ssize_t n;

	do
		n = recv(io->fd, into, len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* One vector is the usual case, and send() is cheaper: the kernel has no
 * msghdr and no vector to copy in. */
static ssize_t plain_sendv(struct io *io, const struct iovec *iov, unsigned n)
{
	const struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n};
	ssize_t sent;

	do {
		if (n == 1)
			sent = send(io->fd, iov->iov_base, iov->iov_len,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			sent = sendmsg(io->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

static ssize_t plain_sendfile(struct io *io, int file, off_t offset, size_t len)
{
	ssize_t sent;

	do
		sent = sendfile(io->fd, file, &offset, len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

/* A failure means that the peer is gone, which the next recv tells. */
static void plain_shutdown(struct io *io)
{
	shutdown(io->fd, SHUT_WR);
}

static void plain_close(struct io *io, bool reset)
{
	const struct linger at_once = {.l_onoff = 1};

	if (reset)
		setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	fd_close(&io->fd);
}

static const struct io_ops plain_ops = {
	.recv = plain_recv,
	.sendv = plain_sendv,
	.sendfile = plain_sendfile,
	.shutdown = plain_shutdown,
	.close = plain_close,
};

void io_plain_init(struct io *io, int fd)
{
	*io = (struct io){.ops = &plain_ops, .fd = fd};
}
