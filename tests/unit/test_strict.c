/* Classes of bytes, against the grammar spelled out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/strict.h"

static bool is_alnum(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(int c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

static bool is_in(int c, enum strict_class class)
{
	char byte = (char)c;

	return strict_span(slice_of(&byte, 1), class) == 1;
}

static void test_classes(void **state)
{
	UNUSED(state);
	for (int c = 0; c < 256; c++) {
		bool visible = c > 0x20 && c != 0x7f;
		bool host = is_alnum(c) || is_one_of(c, "-._~%!$&'()*+,;=");

		assert_int_equal(is_in(c, STRICT_TOKEN),
				 is_alnum(c) || is_one_of(c, "!#$%&'*+-.^_`|~"));
		assert_int_equal(is_in(c, STRICT_VALUE), visible || c == ' ' || c == '\t');
		assert_int_equal(is_in(c, STRICT_TARGET), visible);
		assert_int_equal(is_in(c, STRICT_HOST), host);
	}
}

/* At each place of runs of each length: a later version may look at many bytes
 * at once. */
static void test_span_stops_at_the_right_byte(void **state)
{
	UNUSED(state);
	for (size_t len = 0; len < 70; len++) {
		char bytes[70];

		memset(bytes, 'a', sizeof(bytes));
		assert_int_equal(strict_span(slice_of(bytes, len), STRICT_VALUE), len);
		for (size_t at = 0; at < len; at++) {
			bytes[at] = '\x7f';
			assert_int_equal(strict_span(slice_of(bytes, len), STRICT_VALUE), at);
			bytes[at] = 'a';
		}
	}
}

static void test_request_line(void **state)
{
	struct http_request req;

	UNUSED(state);
	assert_int_equal(strict_request_line(SLICE("M-search /a?b HTTP/1.0"), &req), HTTP_ERR_NONE);
	assert_true(slice_eq(req.method, SLICE("M-search")));
	assert_true(slice_eq(req.target, SLICE("/a?b")));
	assert_true(slice_eq(req.version, SLICE("HTTP/1.0")));
	assert_int_equal(req.minor, 0);
	assert_false(req.is_head);
	assert_int_equal(strict_request_line(SLICE("HEAD / HTTP/1.9"), &req), HTTP_ERR_NONE);
	assert_int_equal(req.minor, 9);
	assert_true(req.is_head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_span_stops_at_the_right_byte),
		cmocka_unit_test(test_request_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
