/* Quoting: what reaches a log of what clients send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ucorn/util/quote.h"

static void test_texts(void **state)
{
	static const struct {
		struct slice sent;
		const char *written;
	} cases[] = {
		{{"", 0}, ""},
		{{NULL, 0}, ""},
		{{"/a?b=%0a", 8}, "/a?b=%0a"},
		{{"\0\n\x1b\x1f\x7f", 5}, "\\x00\\x0a\\x1b\\x1f\\x7f"},
		{{"\"\\", 2}, "\\\"\\\\"},
		{{"\xc2\x80\xc2\x9b\xc2\x9f|\xc2\xa0", 9}, "\\x80\\x9b\\x9f|\xc2\xa0"},
		{{"\x80\x9b\x9f|\xa0\xff", 6}, "\\x80\\x9b\\x9f|\xa0\xff"},
		{{"\xc3\xa9\xc4\x9b\xe2\x82\xac\xf0\x9f\x98\x80", 11},
		 "\xc3\xa9\xc4\x9b\xe2\x82\xac\xf0\x9f\x98\x80"},
		{{"\xe2\x82", 2}, "\xe2\\x82"}, /* cut off */
		{{"\xc2", 1}, "\xc2"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct quoted room;

		assert_string_equal(quoted(cases[i].sent, &room), cases[i].written);
	}
}

static void test_cut(void **state)
{
	char bytes[4096];
	struct quoted room;

	UNUSED(state);
	memset(bytes, '\n', sizeof(bytes));
	size_t len = strlen(quoted(slice_of(bytes, sizeof(bytes)), &room));
	assert_true(len < sizeof(room.text));
	assert_int_equal(len % 4, 0); /* no escape is cut */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
