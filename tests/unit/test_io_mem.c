/* The memory transport: scripted input, collected output, both throttled. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/net/io_mem.h"

struct fixture {
	struct io_mem m;
	struct io io;
};

static int set_up(void **state)
{
	static struct fixture f;

	io_mem_init(&f.m, SLICE("hello world"));
	io_mem_attach(&f.m, &f.io);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	io_mem_release(&f->m);
	return 0;
}

static ssize_t send_text(struct fixture *f, const char *text)
{
	struct iovec iov = {.iov_base = (void *)text, .iov_len = strlen(text)};

	return io_sendv(&f->io, &iov, 1);
}

static void assert_output(struct fixture *f, const char *text)
{
	assert_true(slice_eq(buf_slice(&f->m.output), slice_from(text)));
}

static void test_recv(void **state)
{
	struct fixture *f = *state;
	char into[32];

	assert_int_equal(f->io.fd, -1);
	assert_int_equal(io_recv(&f->io, into, 5), 5);
	assert_memory_equal(into, "hello", 5);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 6);
	assert_memory_equal(into, " world", 6);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), -EAGAIN);
	f->m.eof = true;
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 0);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 0);
}

static void test_recv_as_it_comes(void **state)
{
	struct fixture *f = *state;
	char into[32];

	f->m.eof = true;
	f->m.available = 0;
	for (size_t i = 0; i < f->m.input.len; i++) {
		assert_int_equal(io_recv(&f->io, into, sizeof(into)), -EAGAIN);
		f->m.available++;
		assert_int_equal(io_recv(&f->io, into, sizeof(into)), 1);
		assert_int_equal(into[0], f->m.input.base[i]);
	}
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 0);
}

static void test_recv_error(void **state)
{
	struct fixture *f = *state;
	char into[32];

	f->m.available = 5;
	f->m.recv_error = -ECONNRESET;
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 5);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), -ECONNRESET);
}

static void test_sendv(void **state)
{
	struct fixture *f = *state;
	struct iovec iov[3] = {
		{.iov_base = (void *)"one ", .iov_len = 4},
		{.iov_base = (void *)"", .iov_len = 0},
		{.iov_base = (void *)"two", .iov_len = 3},
	};

	assert_int_equal(io_sendv(&f->io, iov, 3), 7);
	assert_output(f, "one two");
	f->m.send_max = 5; /* a short write in the middle of a vector */
	assert_int_equal(io_sendv(&f->io, iov, 3), 5);
	assert_output(f, "one twoone t");
}

static void test_send_budget(void **state)
{
	struct fixture *f = *state;

	f->m.send_budget = 5;
	f->m.send_max = 3;
	assert_int_equal(send_text(f, "abcdef"), 3);
	assert_int_equal(send_text(f, "def"), 2);
	assert_int_equal(send_text(f, "f"), -EAGAIN);
	f->m.send_budget = SIZE_MAX;
	assert_int_equal(send_text(f, "f"), 1);
	assert_int_equal(f->m.send_budget, SIZE_MAX);
	assert_output(f, "abcdef");
}

static void test_send_error(void **state)
{
	struct fixture *f = *state;

	f->m.send_error = -ECONNRESET;
	assert_int_equal(send_text(f, "x"), -ECONNRESET);
	assert_int_equal(io_sendfile(&f->io, -1, 0, 1), -ECONNRESET);
	assert_output(f, "");
}

static void test_sendfile(void **state)
{
	struct fixture *f = *state;
	int file = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(write(file, "0123456789", 10), 10);
	f->m.send_max = 4;
	f->m.send_budget = 6;
	assert_int_equal(io_sendfile(&f->io, file, 3, 7), 4);
	assert_int_equal(io_sendfile(&f->io, file, 7, 3), 2);
	assert_int_equal(io_sendfile(&f->io, file, 9, 1), -EAGAIN);
	f->m.send_budget = SIZE_MAX;
	assert_int_equal(io_sendfile(&f->io, file, 9, 5), 1);
	assert_int_equal(io_sendfile(&f->io, file, 10, 5), 0); /* shorter than promised */
	assert_output(f, "3456789");
	close(file);
}

static void test_shutdown_and_close(void **state)
{
	struct fixture *f = *state;
	char into[32];

	io_shutdown(&f->io);
	assert_true(f->m.shut);
	assert_int_equal(send_text(f, "x"), -EPIPE);
	assert_int_equal(io_recv(&f->io, into, sizeof(into)), 11); /* one direction only */
	assert_false(f->m.closed);
	io_close(&f->io, false);
	assert_true(f->m.closed);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recv),     TEST(test_recv_as_it_comes),   TEST(test_recv_error),
		TEST(test_sendv),    TEST(test_send_budget),	    TEST(test_send_error),
		TEST(test_sendfile), TEST(test_shutdown_and_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
