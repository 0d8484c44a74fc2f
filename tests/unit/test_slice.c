/* Slices: comparing, trimming, lists, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "ucorn/util/slice.h"

static void test_equal_but_for_case(void **state)
{
	UNUSED(state);
	assert_true(slice_eq_nocase(SLICE("Content-Length"), SLICE("content-LENGTH")));
	assert_true(slice_eq_nocase(SLICE(""), slice_of(NULL, 0)));
	assert_false(slice_eq_nocase(SLICE("ab"), SLICE("abc")));
	assert_false(slice_eq_nocase(SLICE("a@"), SLICE("a`"))); /* differ by 0x20 only */
	assert_false(slice_eq_nocase(SLICE("\xe4"), SLICE("\xc4")));
}

static void test_starts(void **state)
{
	UNUSED(state);
	assert_true(slice_starts(SLICE("unix:/a"), SLICE("unix:")));
	assert_true(slice_starts(SLICE("a"), SLICE("")));
	assert_false(slice_starts(SLICE("uni"), SLICE("unix:")));
}

/* The byte that is none at each place of runs of each length. */
static void test_ascii(void **state)
{
	char bytes[40];

	UNUSED(state);
	memset(bytes, 0x7f, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		assert_true(slice_is_ascii(slice_of(bytes, len)));
		for (size_t at = 0; at < len; at++) {
			bytes[at] = '\x80';
			assert_false(slice_is_ascii(slice_of(bytes, len)));
			bytes[at] = 0x7f;
		}
	}
}

static void test_trim(void **state)
{
	UNUSED(state);
	assert_true(slice_eq(slice_trim(SLICE(" \t a b\t ")), SLICE("a b")));
	assert_true(slice_eq(slice_trim(SLICE(" \t ")), SLICE("")));
	assert_true(slice_eq(slice_trim(SLICE("\va")), SLICE("\va")));
}

static void test_elements(void **state)
{
	struct slice list = SLICE(" a,, b\t,c "), element;
	const char *wanted[] = {"a", "", "b", "c"};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_true(slice_next_element(&list, &element));
		assert_true(slice_eq(element, slice_from(wanted[i])));
	}
	assert_false(slice_next_element(&list, &element));

	list = SLICE("");
	assert_false(slice_next_element(&list, &element));
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} rows[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 2", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"99999999999999999999999x", -EINVAL, 0},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t value = 0;

		assert_int_equal(slice_to_u64(slice_from(rows[i].text), &value), rows[i].rc);
		assert_true(value == rows[i].value);
	}
}

static void test_digits(void **state)
{
	static const uint64_t numbers[] = {0, 9, 10, 8000, 65535, INT64_MAX, UINT64_MAX};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		char digits[DIGITS_MAX + 1] = {0}, expected[DIGITS_MAX + 1];

		snprintf(expected, sizeof(expected), "%llu", (unsigned long long)numbers[i]);
		assert_string_equal(digits_before(digits + DIGITS_MAX, numbers[i]), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_but_for_case),
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
