/* The Date field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ucorn/http/date.h"

static void test_known_dates(void **state)
{
	static const struct {
		time_t second;
		const char *text;
	} rows[] = {
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
		{1709164799, "Wed, 28 Feb 2024 23:59:59 GMT"},
		{1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
		{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
	};
	struct http_date date = {0};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		http_date_set(&date, rows[i].second);
		assert_string_equal(date.text, rows[i].text);
		assert_int_equal(strlen(date.text), HTTP_DATE_LEN);
	}
}

static void test_same_second_is_not_formatted_again(void **state)
{
	struct http_date date = {0};

	UNUSED(state);
	http_date_set(&date, 784111777);
	date.text[0] = '?';
	http_date_set(&date, 784111777);
	assert_int_equal(date.text[0], '?');
	http_date_set(&date, 784111778);
	assert_string_equal(date.text, "Sun, 06 Nov 1994 08:49:38 GMT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_dates),
		cmocka_unit_test(test_same_second_is_not_formatted_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
