/* Request heads that settings let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_head.h"

/* A request of that method: error, where only that leniency is granted. */
static void assert_method(const struct http_leniency *lenient, const char *method,
			  enum http_error error)
{
	const struct http_limits l = {.lenient = *lenient};
	struct buf head = {0};

	assert_int_equal(buf_append_fmt(&head, "%s / HTTP/1.1\r\n" HOST "\r\n", method), 0);
	feed_limited(&l, buf_slice(&head), error, NULL);
	buf_release(&head);
}

static void test_methods(void **state)
{
	static const struct http_leniency none = {0}, any = {.any_method = true},
					  folded = {.casefold_method = true};
	static const struct {
		const char *method;
		enum http_error strict, lenient;
	} rows[] = {
		{"QUERY", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"SOURCE", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"M-SEARCH", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"!$%", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"ABCDEFGHIJKLMNOPQRST", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"ABCDEFGHIJKLMNOPQRSTU", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"GE", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"A", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"get", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"GEt", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"GET#", HTTP_ERR_METHOD, HTTP_ERR_NONE},
		{"G(T", HTTP_ERR_METHOD, HTTP_ERR_METHOD},
		{"G\xc3\xa4T", HTTP_ERR_METHOD, HTTP_ERR_METHOD},
		{"", HTTP_ERR_METHOD, HTTP_ERR_METHOD},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_method(&none, rows[i].method, rows[i].strict);
		assert_method(&any, rows[i].method, rows[i].lenient);
		assert_method(&folded, rows[i].method, rows[i].strict);
	}
}

static void check_folded_head(const struct outcome *o, struct slice input)
{
	assert_true(slice_eq(o->req.method, SLICE("HEAD")));
	assert_true(o->req.is_head);
	assert_int_equal(o->req.line.len, input.len - strlen("\r\n" HOST "\r\n"));
}

static void check_odd_method(const struct outcome *o, struct slice input)
{
	UNUSED(input);
	assert_true(slice_eq(o->req.method, SLICE("A-Z^|_09")));
}

static void check_head_as_sent(const struct outcome *o, struct slice input)
{
	UNUSED(input);
	assert_true(slice_eq(o->req.method, SLICE("hEaD")));
	assert_false(o->req.is_head);
}

/* What depends on the method sees it in capitals. */
static void test_casefold_method(void **state)
{
	static const struct http_limits fold = {
		.lenient = {.any_method = true, .casefold_method = true}};
	static const struct http_limits keep = {.lenient = {.any_method = true}};

	UNUSED(state);
	feed_limited(&fold, SLICE("hEaD / HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE,
		     check_folded_head);
	feed_limited(&keep, SLICE("hEaD / HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE,
		     check_head_as_sent);
	feed_limited(&fold, SLICE("a-z^|_09 / HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE,
		     check_odd_method);
	feed_limited(&fold, SLICE("options * HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE, NULL);
	feed_limited(&keep, SLICE("options * HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_TARGET, NULL);
	feed_limited(&fold, SLICE("connect h:1 HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE, NULL);
	feed_limited(&fold, SLICE("connect / HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_TARGET, NULL);
	feed_limited(&keep, SLICE("connect / HTTP/1.1\r\n" HOST "\r\n"), HTTP_ERR_NONE, NULL);
}

static void check_version_2(const struct outcome *o, struct slice input)
{
	UNUSED(input);
	assert_true(slice_eq(o->req.version, SLICE("HTTP/2.0")));
	assert_true(o->req.minor >= 1 && o->req.keep_alive);
}

static void check_version_0(const struct outcome *o, struct slice input)
{
	UNUSED(input);
	assert_true(slice_eq(o->req.version, SLICE("HTTP/0.9")));
	assert_true(o->req.minor == 0 && !o->req.keep_alive);
}

static void test_any_version(void **state)
{
	static const struct http_limits any = {.lenient = {.any_version = true}};

	UNUSED(state);
	feed_limited(&any, SLICE("GET / HTTP/2.0\r\n" HOST "\r\n"), HTTP_ERR_NONE, check_version_2);
	feed_limited(&any, SLICE("GET / HTTP/0.9\r\n\r\n"), HTTP_ERR_NONE, check_version_0);
	feed_limited(&any, SLICE("GET / HTTP/2.0\r\n\r\n"), HTTP_ERR_HOST, NULL);
	feed_limited(&any, SLICE("GET / HTTP/2.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
		     HTTP_ERR_NONE, NULL);
	feed_limited(&any, SLICE("GET / HTTP/0.9\r\nTransfer-Encoding: chunked\r\n\r\n"),
		     HTTP_ERR_TRANSFER_ENCODING, NULL);
	feed_limited(&any, SLICE("GET / HTTP/2\r\n"), HTTP_ERR_VERSION, NULL);
	feed_limited(&any, SLICE("GET /\r\n"), HTTP_ERR_REQUEST_LINE, NULL);
	feed_limited(&any, SLICE("PRI * HTTP/2.0\r\n\r\n"), HTTP_ERR_TARGET, NULL);
}

static void check_joined(const struct outcome *o, struct slice input)
{
	check_whole_input(o, input);
	assert_int_equal(o->req.n_fields, 5);
	assert_value(o, SLICE("Host"), SLICE("h"));
	assert_value(o, SLICE("A"), SLICE("b c\td \x80"));
	assert_value(o, SLICE("B"), SLICE("first"));
	assert_value(o, SLICE("C"), SLICE("x: y"));
	assert_value(o, SLICE("D"), SLICE(""));
}

static void check_length_5(const struct outcome *o, struct slice input)
{
	UNUSED(input);
	assert_int_equal(o->req.body, HTTP_BODY_LENGTH);
	assert_int_equal(o->req.content_length, 5);
}

static void test_folding(void **state)
{
	static const struct bad_head rows[] = {
		{"GET / HTTP/1.1\r\n Host: h\r\n", HTTP_ERR_FOLDING}, /* nothing to continue */
		{"GET / HTTP/1.1\r\n \r\n", HTTP_ERR_FOLDING},
		{GET "A: b\r\n c\x01\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "A: b\r\n c\n", HTTP_ERR_LINE_END},
		{GET "A: b\r\n c\rd\r\n", HTTP_ERR_LINE_END},
		{GET "A\r\n : b\r\n", HTTP_ERR_FIELD},
		{GET "A : b\r\n", HTTP_ERR_FIELD},
		{GET "Content-Length: 1\r\n 2\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Transfer-Encoding: chu\r\n nked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding:\r\n x,\r\n chunked\r\n\r\n", HTTP_ERR_CODING},
		{"GET / HTTP/1.1\r\nHost: h\r\n h\r\n\r\n", HTTP_ERR_HOST},
	};
	static const struct http_limits fold = {.lenient = {.folding = true}};

	UNUSED(state);
	feed_limited(
		&fold,
		SLICE("GET / HTTP/1.1\r\nHost:\r\n h\r\nA: b \r\n\t c\td \r\n \t\x80\t\r\nB:\r\n"
		      "\tfirst\r\nC:\r\n x: y\r\nD:\r\n \r\n \t\r\n\r\n"),
		HTTP_ERR_NONE, check_joined);
	feed_limited(&fold, SLICE(GET "Content-Length:\r\n 5\r\n \r\n\r\n"), HTTP_ERR_NONE,
		     check_length_5);
	/* CVE-2024-27982: a continuation is no field. */
	feed_limited(&fold, SLICE(GET "Content-Length: 5\r\nA: b\r\n Content-Length: 9\r\n\r\n"),
		     HTTP_ERR_NONE, check_length_5);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		feed_limited(&fold, slice_from(rows[i].head), rows[i].error, NULL);
}

/* All lines of a field count for its size, and for one field. */
static void test_limits_of_folded_fields(void **state)
{
	static const struct bad_head rows[] = {
		{GET "A: aaaaaaaaaaaaa\r\n bbbbbbbbb\r\n\r\n", HTTP_ERR_NONE}, /* 18 + 12 */
		{GET "A: aaaaaaaaaaaaa\r\n bbbbbbbbbb\r\n\r\n", HTTP_ERR_FIELD_LIMIT},
		{GET "A: aaaaaaaaaaaaa\r\n bbbbbbbbbbbb", HTTP_ERR_FIELD_LIMIT},
		{GET "A: a\r\n b\r\n b\r\n b\r\n b\r\n b\r\n b\r\n\r\n", HTTP_ERR_NONE}, /* 30 */
		{GET "A: a\r\n b\r\n b\r\n b\r\n b\r\n b\r\n bb\r\n\r\n", HTTP_ERR_FIELD_LIMIT},
		{GET "A: a\r\n b\r\nB:\r\n b\r\nC:\r\n b\r\nD:\r\n b\r\n\r\n", HTTP_ERR_NONE},
		{GET "A: a\r\n b\r\nB:\r\n b\r\nC:\r\n b\r\nD:\r\n b\r\nE:\r\n",
		 HTTP_ERR_FIELDS_LIMIT},
		{GET "A: aaaaaaaaaaaaa\r\nB: aaaaaaaaaaaaa\r\n bbbbbbbbb\r\n\r\n", HTTP_ERR_NONE},
	};
	static const struct http_limits folding = {
		.fields = 5, .field_bytes = 30, .lenient = {.folding = true}};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		feed_limited(&folding, slice_from(rows[i].head), rows[i].error, NULL);
}

static void check_blank_names(const struct outcome *o, struct slice input)
{
	check_whole_input(o, input);
	assert_int_equal(o->req.n_fields, 4);
	assert_int_equal(o->req.body, HTTP_BODY_CHUNKED);
	assert_value(o, SLICE("Host"), SLICE("h"));
	assert_value(o, SLICE("A"), SLICE("b : c"));
	assert_value(o, SLICE("Empty"), SLICE(""));
}

static void test_name_blanks(void **state)
{
	static const struct http_limits blanks = {.lenient = {.name_blanks = true}};
	static const struct bad_head rows[] = {
		{GET "A B: c\r\n", HTTP_ERR_FIELD},
		{GET "A \r\n", HTTP_ERR_FIELD},
		{GET "A\v: b\r\n", HTTP_ERR_FIELD},
		{GET " A: b\r\n", HTTP_ERR_FOLDING},
		{GET " : b\r\n", HTTP_ERR_FOLDING},
		{GET "Host : h\r\n\r\n", HTTP_ERR_HOST},
		{GET "Content-Length : 5\r\nContent-Length: 5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
	};

	UNUSED(state);
	feed_limited(&blanks,
		     SLICE("GET / HTTP/1.1\r\nHost : h\r\nA \t : b : c\t\r\n"
			   "Transfer-Encoding\t:chunked\r\nEmpty :\r\n\r\n"),
		     HTTP_ERR_NONE, check_blank_names);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		feed_limited(&blanks, slice_from(rows[i].head), rows[i].error, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_casefold_method),
		cmocka_unit_test(test_any_version),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_limits_of_folded_fields),
		cmocka_unit_test(test_name_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
