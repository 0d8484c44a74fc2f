/* How bytes go in and out of a connection: plain sockets, memory (tests), later
 * TLS.  A const table and two words of state, so that changing the transport
 * of a live connection is one assignment. */
#ifndef UCORN_NET_IO_H
#define UCORN_NET_IO_H

#include <sys/types.h>
#include <sys/uio.h>

#include "ucorn/util/base.h"

struct io;

struct io_ops {
	/* Up to len bytes: how many, 0 at end of file, -EAGAIN when none are
	 * there yet, other -errno when the peer is gone.  Never blocks, never
	 * gives -EINTR. */
	ssize_t (*recv)(struct io *io, void *into, size_t len);

	/* Sends from n (>= 1) vectors: how many bytes (may be fewer than given),
	 * -EAGAIN, or -errno when the peer is gone.  No SIGPIPE. */
	ssize_t (*sendv)(struct io *io, const struct iovec *iov, unsigned n);

	/* Sends up to len bytes of file from offset, likewise.  0: the file is
	 * shorter than that. */
	ssize_t (*sendfile)(struct io *io, int file, off_t offset, size_t len);

	/* Whether the peer has reset the connection; NULL: there is no telling. */
	bool (*is_lost)(struct io *io);

	/* From now on whoever reads or writes, in whatever thread, finds the peer gone.
	 * NULL: there is only one thread. */
	void (*cut)(struct io *io);

	/* Tells the peer that nothing more will come. */
	void (*shutdown)(struct io *io);

	/* Closes; io is dead afterwards.  With reset the peer sees an error instead
	 * of an end, where the transport knows such a thing. */
	void (*close)(struct io *io, bool reset);
};

struct io {
	const struct io_ops *ops;
	int fd;	     /* -1 where there is none */
	bool shared; /* somebody else has a descriptor of it, and may have made it block */
	void *state; /* of the transport */
};

static inline ssize_t io_recv(struct io *io, void *into, size_t len)
{
	return io->ops->recv(io, into, len);
}

static inline ssize_t io_sendv(struct io *io, const struct iovec *iov, unsigned n)
{
	return io->ops->sendv(io, iov, n);
}

static inline ssize_t io_sendfile(struct io *io, int file, off_t offset, size_t len)
{
	return io->ops->sendfile(io, file, offset, len);
}

static inline bool io_is_lost(struct io *io)
{
	return io->ops->is_lost && io->ops->is_lost(io);
}

static inline void io_cut(struct io *io)
{
	if (io->ops->cut)
		io->ops->cut(io);
}

static inline void io_shutdown(struct io *io)
{
	io->ops->shutdown(io);
}

static inline void io_close(struct io *io, bool reset)
{
	io->ops->close(io, reset);
}

/* A connected non-blocking socket; the io owns fd. */
void io_plain_init(struct io *io, int fd);

#endif
