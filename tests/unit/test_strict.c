/* Classes of bytes, against the grammar spelled out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "http/strict.h"

static const struct http_leniency strictly = {0};

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
		assert_int_equal(is_in(c, STRICT_METHOD),
				 is_in(c, STRICT_TOKEN) && !(c >= 'a' && c <= 'z') && c != '#');
		assert_int_equal(is_in(c, STRICT_VALUE), visible || c == ' ' || c == '\t');
		assert_int_equal(is_in(c, STRICT_TARGET), visible);
		assert_int_equal(is_in(c, STRICT_HOST), host);
	}
}

/* At each place of runs of each length: it looks at many bytes at once. */
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

/* A byte that is good more often than not, so that bad ones come at every place. */
static char random_byte(void)
{
	static const char odd[] = {0, '\t', '\n', '\r', 0x1f, ' ', '!', '~', 0x7f, '\x80', '\xff'};
	long at = random() % 400;

	if (at < (long)sizeof(odd))
		return odd[at];
	return (char)('a' + at % 26);
}

static void assert_twins_agree(struct slice s)
{
	static const enum strict_class classes[] = {STRICT_VALUE, STRICT_TARGET, STRICT_TOKEN,
						    STRICT_HOST, STRICT_METHOD};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		assert_int_equal(strict_span(s, classes[i]), strict_span_bytewise(s, classes[i]));
}

/* In memory of just that size, so that a sanitizer sees a byte too many. */
static void test_span_agrees_with_its_twin(void **state)
{
	UNUSED(state);
	srandom(1);
	for (size_t offset = 0; offset < 16; offset++) {
		for (size_t len = 0; len < 100; len++) {
			char *bytes = malloc(offset + len + 1);

			assert_non_null(bytes);
			for (int round = 0; round < 10; round++) {
				for (size_t i = 0; i < len; i++)
					bytes[offset + 1 + i] = random_byte();
				assert_twins_agree(slice_of(bytes + offset + 1, len));
			}
			free(bytes);
		}
	}
}

/* Each byte at each place of a block, among good ones. */
static void test_span_knows_every_byte(void **state)
{
	char bytes[40];

	UNUSED(state);
	memset(bytes, 'a', sizeof(bytes));
	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < sizeof(bytes); at++) {
			bytes[at] = (char)c;
			assert_twins_agree(slice_of(bytes, sizeof(bytes)));
			bytes[at] = 'a';
		}
	}
}

static void test_request_line(void **state)
{
	struct http_request req;

	UNUSED(state);
	assert_int_equal(strict_request_line(SLICE("M-SEARCH /a?b HTTP/1.0"), &strictly, &req),
			 HTTP_ERR_NONE);
	assert_true(slice_eq(req.method, SLICE("M-SEARCH")));
	assert_true(slice_eq(req.target, SLICE("/a?b")));
	assert_true(slice_eq(req.version, SLICE("HTTP/1.0")));
	assert_int_equal(req.minor, 0);
	assert_int_equal(strict_request_line(SLICE("HEAD / HTTP/1.9"), &strictly, &req),
			 HTTP_ERR_NONE);
	assert_int_equal(req.minor, 9);
}

static void test_versions(void **state)
{
	static const struct http_leniency any = {.any_version = true};
	static const struct {
		const char *line;
		enum http_error error;
		unsigned minor;
	} rows[] = {
		{"GET / HTTP/0.9", HTTP_ERR_NONE, 0},	  {"GET / HTTP/1.0", HTTP_ERR_NONE, 0},
		{"GET / HTTP/1.1", HTTP_ERR_NONE, 1},	  {"GET / HTTP/1.7", HTTP_ERR_NONE, 7},
		{"GET / HTTP/2.0", HTTP_ERR_NONE, 1},	  {"GET / HTTP/9.9", HTTP_ERR_NONE, 1},
		{"GET / HTTP/10.0", HTTP_ERR_VERSION, 0}, {"GET / HTTP/2", HTTP_ERR_VERSION, 0},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice line = slice_from(rows[i].line);
		struct http_request req;

		assert_int_equal(strict_request_line(line, &any, &req), rows[i].error);
		assert_int_equal(req.minor, rows[i].minor);
	}
}

static void test_untidy_lines(void **state)
{
	static const struct http_leniency blanks = {.name_blanks = true};
	static const struct {
		const char *line;
		enum http_error strict, lenient;
		bool untidy; /* where it is taken */
	} rows[] = {
		{"A: b", HTTP_ERR_NONE, HTTP_ERR_NONE, false},
		{"A: b ", HTTP_ERR_NONE, HTTP_ERR_NONE, true},
		{"A: b\t", HTTP_ERR_NONE, HTTP_ERR_NONE, true},
		{"A : b", HTTP_ERR_FIELD, HTTP_ERR_NONE, true},
		{"A \t :", HTTP_ERR_FIELD, HTTP_ERR_NONE, true},
		{"A \t", HTTP_ERR_FIELD, HTTP_ERR_FIELD, false},
		{"A B: c", HTTP_ERR_FIELD, HTTP_ERR_FIELD, false},
		{" A: b", HTTP_ERR_FOLDING, HTTP_ERR_FOLDING, false},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice line = slice_from(rows[i].line);
		bool untidy = false;

		assert_int_equal(strict_field_line(line, &strictly, &untidy), rows[i].strict);
		untidy = false;
		assert_int_equal(strict_field_line(line, &blanks, &untidy), rows[i].lenient);
		assert_int_equal(untidy, rows[i].untidy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_span_stops_at_the_right_byte),
		cmocka_unit_test(test_span_agrees_with_its_twin),
		cmocka_unit_test(test_span_knows_every_byte),
		cmocka_unit_test(test_request_line),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_untidy_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
