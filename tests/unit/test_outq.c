/* The output queue, by hand and by random operations against a simple model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ucorn/http/outq.h"

static unsigned released;

static void count_release(void *owner)
{
	released += *(unsigned *)owner;
}

static unsigned one = 1;

static int null_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_copied_bytes_merge(void **state)
{
	struct outq q;
	struct iovec iov[4];

	UNUSED(state);
	outq_init(&q);
	assert_true(outq_empty(&q));
	assert_int_equal(outq_copy(&q, "", 0), 0);
	assert_int_equal(outq_vectors(&q, iov, 4), 0);
	assert_int_equal(outq_copy(&q, "abc", 3), 0);
	outq_sent(&q, 1);
	assert_int_equal(outq_copy(&q, "def", 3), 0);

	char *room = outq_room(&q, 100);

	assert_non_null(room);
	memcpy(room, "gh", 2);
	assert_int_equal(outq_commit(&q, 2), 0);
	assert_int_equal(q.bytes, 7);
	assert_int_equal(outq_vectors(&q, iov, 4), 1);
	assert_true(slice_eq(slice_of(iov[0].iov_base, iov[0].iov_len), SLICE("bcdefgh")));

	outq_sent(&q, 7);
	assert_true(outq_empty(&q));
	assert_int_equal(q.copied.len, 0); /* starts over */
	assert_int_equal(q.copied_sent, 0);
	outq_release(&q);
}

static void test_kinds_keep_their_order(void **state)
{
	struct outq q;
	struct iovec iov[8];
	int fd = null_fd();

	UNUSED(state);
	released = 0;
	outq_init(&q);
	assert_int_equal(outq_copy(&q, "head", 4), 0);
	assert_int_equal(outq_borrow(&q, SLICE("body"), &one, count_release), 0);
	assert_int_equal(outq_copy(&q, "tail", 4), 0);
	assert_int_equal(outq_file(&q, fd, 10, 100), 0);
	assert_int_equal(outq_copy(&q, "end", 3), 0);
	assert_int_equal(q.bytes, 115);

	assert_int_equal(outq_vectors(&q, iov, 2), 2);
	assert_int_equal(outq_vectors(&q, iov, 8), 3); /* up to the file */
	assert_memory_equal(iov[1].iov_base, "body", 4);
	assert_memory_equal(iov[2].iov_base, "tail", 4);
	assert_null(outq_next_file(&q));

	outq_sent(&q, 7);
	assert_int_equal(released, 0);
	outq_sent(&q, 1);
	assert_int_equal(released, 1);
	outq_sent(&q, 4);
	assert_int_equal(outq_vectors(&q, iov, 8), 0);
	assert_int_equal(outq_next_file(&q)->fd, fd);
	outq_sent(&q, 30);
	assert_int_equal(outq_next_file(&q)->offset, 40);
	assert_int_equal(outq_next_file(&q)->len, 70);
	assert_true(is_open(fd));
	outq_sent(&q, 71);
	assert_false(is_open(fd));
	assert_int_equal(outq_vectors(&q, iov, 8), 1);
	assert_true(slice_eq(slice_of(iov[0].iov_base, iov[0].iov_len), SLICE("nd")));
	outq_release(&q);
	assert_int_equal(released, 1);
}

static void test_empty_pieces_are_done_at_once(void **state)
{
	struct outq q;
	int fd = null_fd();

	UNUSED(state);
	released = 0;
	outq_init(&q);
	assert_int_equal(outq_borrow(&q, SLICE(""), &one, count_release), 0);
	assert_int_equal(released, 1);
	assert_int_equal(outq_file(&q, fd, 0, 0), 0);
	assert_false(is_open(fd));
	assert_int_equal(outq_borrow(&q, SLICE("static"), NULL, NULL), 0);
	outq_sent(&q, 6);
	assert_true(outq_empty(&q));
	outq_release(&q);
}

static void test_clear_releases_once_and_keeps_memory(void **state)
{
	struct outq q;
	int fd = null_fd();

	UNUSED(state);
	released = 0;
	outq_init(&q);
	for (int i = 0; i < 20; i++)
		assert_int_equal(outq_borrow(&q, SLICE("x"), &one, count_release), 0);
	assert_int_equal(outq_copy(&q, "abc", 3), 0);
	assert_int_equal(outq_file(&q, fd, 0, 5), 0);
	outq_sent(&q, 5);
	assert_int_equal(released, 5);
	outq_clear(&q);
	assert_int_equal(released, 20);
	assert_false(is_open(fd));
	assert_true(outq_empty(&q));
	assert_non_null(q.copied.base);
	assert_int_equal(outq_copy(&q, "abc", 3), 0);
	outq_release(&q);
	outq_release(&q);
	assert_int_equal(released, 20);
}

/* A reader that is always a little behind must not let the buffer grow. */
static void test_buffer_is_compacted(void **state)
{
	struct outq q;
	char bytes[1000] = {0};

	UNUSED(state);
	outq_init(&q);
	assert_int_equal(outq_copy(&q, bytes, 500), 0);
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(outq_copy(&q, bytes, sizeof(bytes)), 0);
		outq_sent(&q, sizeof(bytes));
	}
	assert_true(q.copied.cap <= (size_t)64 * 1024);
	outq_release(&q);
}

/* The model: all bytes in one array, and how many releases are due. */
struct model {
	unsigned char *bytes;
	size_t len, sent;
};

enum { MODEL_MAX = 1 << 20, MODEL_STEPS = 20000 };

static unsigned next_random(void)
{
	static uint32_t x = 12345;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void model_add(struct model *m, const unsigned char *bytes, size_t len)
{
	assert_true(m->len + len <= MODEL_MAX);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void put_random(struct outq *q, struct model *m)
{
	size_t len = next_random() % 60;
	unsigned char *bytes = malloc(len + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)next_random();
	model_add(m, bytes, len);
	if (next_random() % 3 == 0) { /* free is the release: twice would show */
		assert_int_equal(outq_borrow(q, slice_of((char *)bytes, len), bytes, free), 0);
	} else {
		assert_int_equal(outq_copy(q, bytes, len), 0);
		free(bytes);
	}
}

/* Compares what the vectors show with the model, then takes a part of it. */
static void send_random(struct outq *q, struct model *m)
{
	struct iovec iov[16];
	unsigned n = outq_vectors(q, iov, 1 + next_random() % 16);
	size_t shown = 0;

	for (unsigned i = 0; i < n; i++) {
		assert_true(m->sent + shown + iov[i].iov_len <= m->len);
		assert_memory_equal(iov[i].iov_base, m->bytes + m->sent + shown, iov[i].iov_len);
		shown += iov[i].iov_len;
	}
	assert_int_equal(shown > 0, m->sent < m->len);

	size_t taken = shown > 0 ? next_random() % (shown + 1) : 0;

	outq_sent(q, taken);
	m->sent += taken;
	assert_true(q->bytes == m->len - m->sent);
}

static void test_random_operations(void **state)
{
	struct model m = {.bytes = malloc(MODEL_MAX)};
	struct outq q;

	UNUSED(state);
	assert_non_null(m.bytes);
	outq_init(&q);
	for (int i = 0; i < MODEL_STEPS; i++) {
		/* Bursts of both, so that the queue grows and runs dry. */
		bool grows = (i / 200) % 2 == 0;

		if (next_random() % 4 < (grows ? 3U : 1U))
			put_random(&q, &m);
		else
			send_random(&q, &m);
	}
	outq_release(&q);
	free(m.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copied_bytes_merge),
		cmocka_unit_test(test_kinds_keep_their_order),
		cmocka_unit_test(test_empty_pieces_are_done_at_once),
		cmocka_unit_test(test_clear_releases_once_and_keeps_memory),
		cmocka_unit_test(test_buffer_is_compacted),
		cmocka_unit_test(test_random_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
