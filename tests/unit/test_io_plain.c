/* The plain transport over a socket pair. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/net/io.h"
#include "ucorn/util/slice.h"

struct fixture {
	struct io io;
	int peer;
};

static int set_up(void **state)
{
	static struct fixture f;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	io_plain_init(&f.io, ends[0]);
	f.peer = ends[1];
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	io_close(&f->io, false);
	close(f->peer);
	return f->io.fd == -1 ? 0 : -1;
}

static ssize_t send_text(struct fixture *f, const char *text)
{
	struct iovec iov = {.iov_base = (void *)text, .iov_len = strlen(text)};

	return io_sendv(&f->io, &iov, 1);
}

static void assert_received(struct fixture *f, const char *text)
{
	char into[64];
	ssize_t n = recv(f->peer, into, sizeof(into), 0);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(into, text, (size_t)n);
}

static void test_recv(void **state)
{
	struct fixture *f = *state;
	char into[8];

	assert_int_equal(io_recv(&f->io, into, sizeof(into)), -EAGAIN);
	assert_int_equal(send(f->peer, "hello", 5, 0), 5);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 5);
	assert_memory_equal(into, "hello", 5);
	shutdown(f->peer, SHUT_WR);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 0);
}

/* An application with a dup of the socket may have made it blocking. */
static void test_never_blocks(void **state)
{
	struct fixture *f = *state;
	char block[65536] = {0};
	struct iovec iov[2] = {{block, sizeof(block) / 2}, {block, sizeof(block) / 2}};
	ssize_t n;

	assert_int_equal(fcntl(f->io.fd, F_SETFL, 0), 0);
	assert_int_equal(io_recv(&f->io, block, sizeof(block)), -EAGAIN);
	do
		n = io_sendv(&f->io, iov, 2);
	while (n > 0);
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(io_sendv(&f->io, iov, 1), -EAGAIN);
}

static void test_sendv(void **state)
{
	struct fixture *f = *state;
	struct iovec iov[2] = {
		{.iov_base = (void *)"one ", .iov_len = 4},
		{.iov_base = (void *)"two", .iov_len = 3},
	};

	assert_int_equal(io_sendv(&f->io, iov, 1), 4);
	assert_received(f, "one ");
	assert_int_equal(io_sendv(&f->io, iov, 2), 7);
	assert_received(f, "one two");
}

static void test_sendfile(void **state)
{
	struct fixture *f = *state;
	int file = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(write(file, "0123456789", 10), 10);
	assert_int_equal(io_sendfile(&f->io, file, 3, 4), 4);
	assert_received(f, "3456");
	assert_int_equal(io_sendfile(&f->io, file, 8, 100), 2);
	assert_received(f, "89");
	assert_int_equal(io_sendfile(&f->io, file, 10, 100), 0);
	assert_int_equal(io_sendfile(&f->io, -1, 0, 1), -EBADF);
	close(file);
}

/* A socket with O_APPEND is one of the things that sendfile(2) refuses; others are
 * files, but which ones differs from kernel to kernel. */
static void test_sendfile_refused(void **state)
{
	struct fixture *f = *state;
	int file = memfd_create("file", MFD_CLOEXEC);
	off_t offset = 0;

	assert_int_equal(write(file, "0123456789", 10), 10);
	assert_int_equal(fcntl(f->io.fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	assert_int_equal(sendfile(f->io.fd, file, &offset, 10), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(io_sendfile(&f->io, file, 3, 4), 4);
	assert_received(f, "3456");
	assert_int_equal(io_sendfile(&f->io, file, 8, 100), 2);
	assert_received(f, "89");
	assert_int_equal(io_sendfile(&f->io, file, 10, 100), 0);
	close(file);
}

/* sendfile(2) would block here. */
static void test_sendfile_shared(void **state)
{
	struct fixture *f = *state;
	int file = memfd_create("file", MFD_CLOEXEC);
	off_t offset = 0;
	ssize_t n;

	assert_int_equal(ftruncate(file, 1 << 24), 0);
	f->io.shared = true;
	assert_int_equal(fcntl(f->io.fd, F_SETFL, 0), 0);
	while ((n = io_sendfile(&f->io, file, offset, 1 << 20)) > 0)
		offset += n;
	assert_int_equal(n, -EAGAIN);
	assert_in_range(offset, 1, (1 << 24) - 1);
	assert_int_equal(io_sendfile(&f->io, file, 1 << 24, 1), 0);
	assert_int_equal(io_sendfile(&f->io, -1, 0, 1), -EBADF);
	close(file);
}

/* With the default action of SIGPIPE this test would die of it. */
static void test_peer_gone(void **state)
{
	struct fixture *f = *state;
	struct iovec iov[2] = {{(void *)"x", 1}, {(void *)"y", 1}};
	char into[8];

	signal(SIGPIPE, SIG_DFL);
	close(f->peer);
	f->peer = -1;
	assert_int_equal(send_text(f, "x"), -EPIPE);
	assert_int_equal(io_sendv(&f->io, iov, 2), -EPIPE);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 0);
	io_shutdown(&f->io); /* harmless */
}

static void test_shutdown(void **state)
{
	struct fixture *f = *state;
	char into[8];

	assert_int_equal(send_text(f, "bye"), 3);
	io_shutdown(&f->io);
	assert_received(f, "bye");
	assert_received(f, "");
	assert_int_equal(send(f->peer, "more", 4, 0), 4); /* the other way stays open */
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recv),      TEST(test_never_blocks),	   TEST(test_sendv),
		TEST(test_sendfile),  TEST(test_sendfile_refused), TEST(test_sendfile_shared),
		TEST(test_peer_gone), TEST(test_shutdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
