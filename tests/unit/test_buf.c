/* Buffers: growth, formatting, dropping from the front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "ucorn/util/buf.h"

static void test_append_and_consume(void **state)
{
	struct buf b = {0};

	UNUSED(state);
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_append_slice(&b, SLICE("0123456789")), 0);
	assert_int_equal(b.len, 10000);
	assert_true(b.cap >= b.len);

	buf_consume(&b, 9995);
	assert_true(slice_eq(buf_slice(&b), SLICE("56789")));
	buf_consume(&b, 5);
	assert_int_equal(b.len, 0);
	buf_release(&b);
	assert_null(b.base);
}

static void test_format(void **state)
{
	struct buf b = {0};
	char *text = malloc(5001);

	UNUSED(state);
	assert_non_null(text);
	memset(text, 'x', 5000);
	text[5000] = '\0';
	assert_int_equal(buf_append_fmt(&b, "%d-%s", 42, "a"), 0);
	assert_true(slice_eq(buf_slice(&b), SLICE("42-a")));
	assert_int_equal(buf_append_fmt(&b, "<%s>", text), 0); /* grows */
	assert_int_equal(b.len, 4 + 5002);
	assert_int_equal(b.base[b.len - 1], '>');
	free(text);
	buf_release(&b);
}

/* Every length around the room that is left, for the NUL that does not count. */
static void test_format_at_the_edge(void **state)
{
	UNUSED(state);
	for (int len = 250; len < 262; len++) {
		struct buf b = {0};

		assert_int_equal(buf_append_fmt(&b, "%*d", len, 7), 0);
		assert_int_equal(b.len, len);
		assert_int_equal(b.base[len - 1], '7');
		buf_release(&b);
	}
}

static void test_impossible_size(void **state)
{
	struct buf b = {0};

	UNUSED(state);
	assert_int_equal(buf_append_slice(&b, SLICE("a")), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOMEM);
	assert_true(slice_eq(buf_slice(&b), SLICE("a")));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_consume),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_at_the_edge),
		cmocka_unit_test(test_impossible_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
