/* words.c: texts and the words that Python 3.11's shlex.split makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/words.h"

#define WORDS_MAX 5

static void test_words(void **state)
{
	static const struct {
		const char *text;
		const char *words[WORDS_MAX];
	} cases[] = {
		{"", {NULL}},
		{"  \t\r\n", {NULL}},
		{"a", {"a"}},
		{" --bind=:80 \n-w  4\t", {"--bind=:80", "-w", "4"}},
		{"'a b' \"c d\"", {"a b", "c d"}},
		{"a'b'\"c\"d", {"abcd"}},
		{"'' \"\"", {"", ""}},
		{"''a", {"a"}},
		{"'a\"b\\c'", {"a\"b\\c"}},
		{"\"a'b\"", {"a'b"}},
		{"\"a\\\"b\\\\c\\d\"", {"a\"b\\c\\d"}},
		{"a\\ b \\'c \\\\ \\\"", {"a b", "'c", "\\", "\""}},
		{"a\\\nb", {"a\nb"}},
		{"\"a\\\nb\"", {"a\\\nb"}},
		{"a # b", {"a", "#", "b"}},
		{"$HOME *;|", {"$HOME", "*;|"}},
		{"\x0b\xc3\xa9", {"\x0b\xc3\xa9"}},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct string_list words = {0};
		struct err err;
		size_t count = 0;

		assert_int_equal(words_split(&words, cases[i].text, &err), 0);
		for (; count < WORDS_MAX && cases[i].words[count]; count++) {
			assert_true(count < words.count);
			assert_string_equal(words.items[count], cases[i].words[count]);
		}
		assert_int_equal(words.count, count);
		words_free(&words);
	}
}

static void test_what_has_no_end(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{"'a", "No closing quotation"},	     {"b \"a'", "No closing quotation"},
		{"\"a\\\"", "No closing quotation"}, {"\"a\\", "No escaped character"},
		{"a \\", "No escaped character"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct string_list words = {0};
		struct err err = {0};

		assert_int_equal(words_split(&words, cases[i].text, &err), -1);
		assert_string_equal(err.text, cases[i].sentence);
		assert_int_equal(err.exit_code, 1);
		words_free(&words);
	}
}

static void test_words_are_appended(void **state)
{
	struct string_list words = {0};
	struct err err;

	UNUSED(state);
	assert_int_equal(words_split(&words, "a", &err), 0);
	assert_int_equal(words_split(&words, "b c", &err), 0);
	assert_int_equal(words.count, 3);
	assert_string_equal(words.items[2], "c");
	words_free(&words);
	assert_int_equal(words.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_what_has_no_end),
		cmocka_unit_test(test_words_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
