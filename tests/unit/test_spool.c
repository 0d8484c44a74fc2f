/* Spooled bodies, in memory and in files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ucorn/http/spool.h"

enum { BODY_BYTES = 50000 };

static char body[BODY_BYTES];
static struct spool_store store;
static bool ends;

/* Lines of growing length. */
static int make_body(void **state)
{
	size_t next = 0, length = 0;

	UNUSED(state);
	for (size_t i = 0; i < BODY_BYTES; i++) {
		body[i] = (char)('a' + i % 26);
		if (i == next) {
			body[i] = '\n';
			next += ++length;
		}
	}
	return 0;
}

static void fill(struct spool *s, size_t memory_max, size_t piece)
{
	store = (struct spool_store){.folder = "/tmp", .memory_max = memory_max};
	spool_init(s, &store);
	for (size_t at = 0; at < BODY_BYTES; at += piece) {
		size_t len = piece < BODY_BYTES - at ? piece : BODY_BYTES - at;

		assert_int_equal(spool_put(s, slice_of(body + at, len)), 0);
	}
	assert_int_equal(spool_finish(s), 0);
	assert_int_equal(s->size, BODY_BYTES);
	assert_int_equal(s->fd >= 0, memory_max < BODY_BYTES);
}

static const struct {
	size_t memory_max, piece;
} ways[] = {
	{BODY_BYTES, 1000},
	{BODY_BYTES, BODY_BYTES},
	{BODY_BYTES - 1, BODY_BYTES},
	{1000, 1},
	{1000, 999},
	{1000, 1000},
	{1000, 1001},
	{1000, 7777},
	{0, 500},
	{1, 1},
};

static void test_read_back(void **state)
{
	static char got[BODY_BYTES + 10];

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct spool s;

		fill(&s, ways[i].memory_max, ways[i].piece);
		assert_int_equal(spool_read(&s, got, 10), 10);
		assert_int_equal(spool_left(&s), BODY_BYTES - 10);
		assert_int_equal(spool_read(&s, got + 10, BODY_BYTES), BODY_BYTES - 10);
		assert_memory_equal(got, body, BODY_BYTES);
		assert_int_equal(spool_read(&s, got, 10), 0);
		spool_release(&s);
	}
}

static size_t line_length(size_t at, size_t max)
{
	size_t len = 0;

	while (at + len < BODY_BYTES && (max == 0 || len < max)) {
		if (body[at + len++] == '\n')
			break;
	}
	return len;
}

static void read_lines(struct spool *s, size_t max)
{
	char line[1000];
	size_t at = 0;

	while (spool_left(s) > 0) {
		ssize_t len = spool_line_length(s, max, &ends);

		assert_int_equal(len, line_length(at, max));
		assert_int_equal(spool_read(s, line, (size_t)len), len);
		assert_memory_equal(line, body + at, (size_t)len);
		at += (size_t)len;
	}
	assert_int_equal(at, BODY_BYTES);
	assert_int_equal(spool_line_length(s, max, &ends), 0);
}

static void test_lines(void **state)
{
	static const size_t maxima[] = {0, 7, 300};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		struct spool s;

		fill(&s, BODY_BYTES, BODY_BYTES);
		read_lines(&s, maxima[i]);
		spool_release(&s);
		fill(&s, 0, BODY_BYTES);
		read_lines(&s, maxima[i]);
		spool_release(&s);
	}
}

/* Longer than what is searched at once. */
static void test_long_line_in_file(void **state)
{
	struct spool s;
	char *line = malloc(100000);

	UNUSED(state);
	assert_non_null(line);
	memset(line, 'x', 100000);
	store = (struct spool_store){.folder = "/tmp"};
	spool_init(&s, &store);
	assert_int_equal(spool_put(&s, slice_of(line, 100000)), 0);
	assert_int_equal(spool_put(&s, SLICE("\nrest")), 0);
	assert_int_equal(spool_finish(&s), 0);
	assert_int_equal(spool_line_length(&s, 0, &ends), 100001);
	assert_int_equal(spool_line_length(&s, 20000, &ends), 20000);
	spool_release(&s);
	free(line);
}

static void test_file_has_no_name_and_is_private(void **state)
{
	struct spool s;
	char link[64], path[4096];

	UNUSED(state);
	fill(&s, 0, BODY_BYTES);
	assert_true(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", s.fd);

	ssize_t len = readlink(link, path, sizeof(path) - 1);

	assert_true(len > 0);
	path[len] = '\0';
	assert_non_null(strstr(path, "(deleted)"));
	spool_release(&s);
	assert_int_equal(s.fd, -1);
}

static void test_failures(void **state)
{
	struct spool s;
	char byte;

	UNUSED(state);
	store = (struct spool_store){.folder = "/nonexistent", .memory_max = 4};
	spool_init(&s, &store);
	assert_int_equal(spool_put(&s, SLICE("abcd")), 0);
	assert_int_equal(spool_put(&s, SLICE("e")), -ENOENT);
	assert_int_equal(s.size, 4);
	spool_release(&s);

	fill(&s, 0, BODY_BYTES);
	assert_int_equal(ftruncate(s.fd, 0), 0);
	assert_int_equal(spool_read(&s, &byte, 1), -EIO);
	assert_int_equal(spool_line_length(&s, 0, &ends), -EIO);
	spool_release(&s);
}

static void test_empty(void **state)
{
	struct spool s;
	char byte;

	UNUSED(state);
	store = (struct spool_store){.folder = "/tmp", .memory_max = 10};
	spool_init(&s, &store);
	assert_int_equal(spool_put(&s, slice_of(NULL, 0)), 0);
	assert_int_equal(spool_finish(&s), 0);
	assert_int_equal(spool_read(&s, &byte, 1), 0);
	assert_int_equal(spool_line_length(&s, 0, &ends), 0);
	spool_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line_in_file),
		cmocka_unit_test(test_file_has_no_name_and_is_private),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, make_body, NULL);
}
