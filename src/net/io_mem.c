/* The transport without a socket: how tests and fuzzers drive a connection
 * through every split of its input and every short write, without timing.
 *
 * It answers as a non-blocking socket would, including -EPIPE after a shutdown,
 * so a connection cannot tell the difference. */
#include "ucorn/net/io_mem.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static ssize_t mem_recv(struct io *io, void *into, size_t len)
{
	struct io_mem *m = io->state;

	assert(!m->closed);
	size_t end = smaller(m->available, m->input.len);
	size_t n = m->given < end ? smaller(len, end - m->given) : 0;
	if (n > 0) {
		memcpy(into, m->input.base + m->given, n);
		m->given += n;
		return (ssize_t)n;
	}
	if (m->recv_error)
		return m->recv_error;
	if (m->eof && m->given == m->input.len)
		return 0;
	return -EAGAIN;
}

/* How many of len bytes may be taken now: 0 to len, or -errno. */
static ssize_t send_allowance(const struct io_mem *m, size_t len)
{
	assert(!m->closed);
	if (m->send_error)
		return m->send_error;
	if (m->shut)
		return -EPIPE;
	if (len > 0 && m->send_budget == 0)
		return -EAGAIN;
	if (m->send_max > 0)
		len = smaller(len, m->send_max);
	return (ssize_t)smaller(len, m->send_budget);
}

static void spend(struct io_mem *m, size_t len)
{
	if (m->send_budget != SIZE_MAX)
		m->send_budget -= len;
}

static ssize_t mem_sendv(struct io *io, const struct iovec *iov, unsigned n)
{
	struct io_mem *m = io->state;
	size_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += iov[i].iov_len;
	ssize_t allowed = send_allowance(m, total);
	if (allowed < 0)
		return allowed;

	size_t left = (size_t)allowed;
	if (buf_reserve(&m->output, left) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < n && left > 0; i++) {
		size_t part = smaller(left, iov[i].iov_len);
		int rc = buf_append(&m->output, iov[i].iov_base, part);
		assert(rc == 0); /* reserved above */
		UNUSED(rc);
		left -= part;
	}
	spend(m, (size_t)allowed);
	return allowed;
}

static bool mem_is_lost(struct io *io)
{
	struct io_mem *m = io->state;

	return m->recv_error || m->send_error;
}

static ssize_t mem_sendfile(struct io *io, int file, off_t offset, size_t len)
{
	struct io_mem *m = io->state;
	ssize_t allowed = send_allowance(m, len);

	if (allowed < 0)
		return allowed;
	if (buf_reserve(&m->output, (size_t)allowed) < 0)
		return -ENOMEM;
	ssize_t n = pread(file, m->output.base + m->output.len, (size_t)allowed, offset);
	if (n < 0)
		return -errno;
	m->output.len += (size_t)n;
	spend(m, (size_t)n);
	return n;
}

static void mem_shutdown(struct io *io)
{
	struct io_mem *m = io->state;

	m->shut = true;
}

static void mem_close(struct io *io, bool reset)
{
	struct io_mem *m = io->state;

	assert(!m->closed);
	m->closed = true;
	m->reset = reset;
}

static const struct io_ops mem_ops = {
	.recv = mem_recv,
	.sendv = mem_sendv,
	.sendfile = mem_sendfile,
	.is_lost = mem_is_lost,
	.shutdown = mem_shutdown,
	.close = mem_close,
};

void io_mem_init(struct io_mem *m, struct slice input)
{
	*m = (struct io_mem){
		.input = input,
		.available = input.len,
		.send_budget = SIZE_MAX,
	};
}

void io_mem_release(struct io_mem *m)
{
	buf_release(&m->output);
}

void io_mem_attach(struct io_mem *m, struct io *io)
{
	*io = (struct io){.ops = &mem_ops, .fd = -1, .state = m};
}
