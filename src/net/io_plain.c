/* The plain transport: a TCP or unix socket.
 *
 * Every call says MSG_DONTWAIT although the socket is non-blocking: O_NONBLOCK
 * belongs to the open file, which whoever holds a dup of the descriptor can
 * change.  sendfile(2) takes no flags: a socket that may block is sent copies
 * instead.  It can raise SIGPIPE, which the process ignores (py/interp.c). */
#include "ucorn/net/io.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ucorn/util/fd.h"

enum { COPY_BYTES = 32768 }; /* on the stack */

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

static ssize_t send_copy(struct io *io, int file, off_t offset, size_t len)
{
	char copy[COPY_BYTES];
	struct iovec iov = {.iov_base = copy};
	ssize_t n;

	do
		n = pread(file, copy, len < sizeof(copy) ? len : sizeof(copy), offset);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	iov.iov_len = (size_t)n;
	return plain_sendv(io, &iov, 1);
}

static ssize_t plain_sendfile(struct io *io, int file, off_t offset, size_t len)
{
	off_t from = offset;
	ssize_t sent;

	if (io->shared)
		return send_copy(io, file, offset, len);
	do
		sent = sendfile(io->fd, file, &from, len);
	while (sent < 0 && errno == EINTR);
	/* Some file systems' files cannot be sent so, though they can be read. */
	if (sent < 0 && (errno == EINVAL || errno == ENOSYS || errno == EOVERFLOW))
		return send_copy(io, file, offset, len);
	return sent < 0 ? -errno : sent;
}

/* A failure means that the peer is gone, which the next recv tells. */
static void plain_shutdown(struct io *io)
{
	shutdown(io->fd, SHUT_WR);
}

static void plain_cut(struct io *io)
{
	shutdown(io->fd, SHUT_RDWR);
}

static void plain_close(struct io *io, bool reset)
{
	const struct linger at_once = {.l_onoff = 1};

	if (reset)
		setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	fd_close(&io->fd);
}

/* Asked without reading, which would give what came before the reset first. */
static bool plain_is_lost(struct io *io)
{
	socklen_t len = sizeof(int);
	int error = 0;

	return getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0;
}

static const struct io_ops plain_ops = {
	.is_lost = plain_is_lost,
	.recv = plain_recv,
	.sendv = plain_sendv,
	.sendfile = plain_sendfile,
	.cut = plain_cut,
	.shutdown = plain_shutdown,
	.close = plain_close,
};

void io_plain_init(struct io *io, int fd)
{
	*io = (struct io){.ops = &plain_ops, .fd = fd};
}
