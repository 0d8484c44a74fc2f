/* Request heads, valid and invalid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "feed_head.h"

static const struct http_limits limits = {.line = 40, .fields = 5, .field_bytes = 60};

static void feed_all_ways(struct slice input, enum http_error error,
			  void (*check)(const struct outcome *, struct slice))
{
	feed_limited(&limits, input, error, check);
}

static void test_valid(void **state)
{
	static const char *const heads[] = {
		GET "\r\n",
		"\r\n" GET "\r\n", /* empty lines are forgiven */
		"\r\n\r\n" GET "\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.2\r\n" HOST "\r\n",
		"GET / HTTP/1.1\r\nHost:\r\n\r\n",
		"GET / HTTP/1.1\r\nhOST:a.b-c_d~:8080\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:80\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h:\r\n\r\n",
		GET "A:\r\n\r\n",
		GET "A: \t \r\n\r\n",
		GET "A:b\r\n\r\n",
		GET "A: \t b \t c \t \r\n\r\n",
		GET "A: \x80\xff\t\"(),/:;<=>?@[\\]{}\r\n\r\n",
		GET "!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n",
		GET "Content-Length: 0\r\n\r\n",
		GET "Content-Length: 9223372036854775807\r\n\r\n",
		GET "Content-Length: 00000000000000000000000000000000000000005\r\n\r\n",
		GET "Content-Length: \t5\t\r\n\r\n",
		GET "Content-Length:\t5 \t \r\n\r\n",
		GET "Content-Type: a, b\r\nContent-Types: a\r\nContent_Type: a\r\n\r\n",
		GET "Transfer-Encoding: chunked\r\n\r\n",
		GET "Transfer-Encoding:CHUNKED \r\n\r\n",
		GET "transfer-encoding: chunked\t\r\n\r\n",
		GET "Expect: 100-Continue\r\n\r\n",
		"GET / HTTP/1.0\r\nExpect: x\r\n\r\n",
		GET "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
		GET "Proxy-Connection: x\r\nConnectiom: x\r\nHosts: x\r\nHosu: x\r\n\r\n",
		"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
		"GET http://h/a HTTP/1.1\r\n" HOST "\r\n",
		"GET http://h/a HTTP/1.0\r\n\r\n",
		"GET http://H:80/a HTTP/1.1\r\nHost: h:80\r\n\r\n",
		"GET /\xc3\xa4\xff HTTP/1.1\r\n" HOST "\r\n",
		"GET //h/a#b HTTP/1.1\r\n" HOST "\r\n",
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		feed_all_ways(slice_from(heads[i]), HTTP_ERR_NONE, check_whole_input);
}

static void assert_refused(const struct bad_head *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		feed_all_ways(slice_from(rows[i].head), rows[i].error, NULL);
}

static void test_invalid_request_lines(void **state)
{
	static const struct bad_head rows[] = {
		{"\nGET / HTTP/1.1\r\n", HTTP_ERR_LINE_END},
		{"GET\r\n", HTTP_ERR_REQUEST_LINE},
		{"GET /\r\n", HTTP_ERR_REQUEST_LINE}, /* HTTP/0.9 */
		{"GET /x\r\n\r\n", HTTP_ERR_REQUEST_LINE},
		{"GET  / HTTP/1.1\r\n", HTTP_ERR_REQUEST_LINE},
		{"GET / \r\n", HTTP_ERR_VERSION},
		{"GET /  HTTP/1.1\r\n", HTTP_ERR_VERSION},
		{"GET / HTTP/1.1 \r\n", HTTP_ERR_VERSION},
		{"GET /a b HTTP/1.1\r\n", HTTP_ERR_VERSION},
		{" GET / HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{"GET\t/ HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{"G(T / HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{"G\x80T / HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{":GET / HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{"\x16", HTTP_ERR_TLS}, /* refused at its first byte */
		{"\x16\x03\x01 / HTTP/1.1\r\n", HTTP_ERR_TLS},
		{"\x16\x03\x01\x02\x10\n\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 HTTP_ERR_TLS},
		{"\r\n\x16\x03", HTTP_ERR_TLS},
		{"GE\x16 / HTTP/1.1\r\n", HTTP_ERR_METHOD},
		{"GET / HTTP/1.\r\n", HTTP_ERR_VERSION},
		{"GET / HTTP/1.10\r\n", HTTP_ERR_VERSION},
		{"GET / http/1.1\r\n", HTTP_ERR_VERSION},
		{"GET / ICE/1.0\r\n", HTTP_ERR_VERSION},
		{"GET / HTTP/11\r\n", HTTP_ERR_VERSION},
		{"GET / HTTP/+1.1\r\n", HTTP_ERR_VERSION},
		{"GET / HTTP/2.0\r\n", HTTP_ERR_VERSION_SUPPORT},
		{"GET / HTTP/0.9\r\n", HTTP_ERR_VERSION_SUPPORT},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_ERR_VERSION_SUPPORT},
		{"GET / HTTP/3.0\r\n", HTTP_ERR_VERSION_SUPPORT},
		{"SOURCE /a ICE/1.0\r\n", HTTP_ERR_VERSION},
		{"GET * HTTP/1.1\r\n", HTTP_ERR_TARGET},
		{"GET a HTTP/1.1\r\n", HTTP_ERR_TARGET},
		{"GET h:80 HTTP/1.1\r\n", HTTP_ERR_TARGET},
		{"GET /\x01 HTTP/1.1\r\n", HTTP_ERR_TARGET},
		{"GET /\t HTTP/1.1\r\n", HTTP_ERR_TARGET},
		{"GET / HTTP/1.1\n", HTTP_ERR_LINE_END},
		{"GET / HTTP/1.1\r\r\n", HTTP_ERR_LINE_END},
		{"GET /\r HTTP/1.1\r\n", HTTP_ERR_LINE_END},
		{"\rGET / HTTP/1.1\r\n", HTTP_ERR_LINE_END},
		{"GET / HTTP/1.1\rHost: h\r\n", HTTP_ERR_LINE_END},
		{"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n", HTTP_ERR_LINE_LIMIT},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", HTTP_ERR_LINE_LIMIT},
	};

	UNUSED(state);
	assert_refused(rows, ARRAY_LEN(rows));
}

static void test_invalid_fields(void **state)
{
	static const struct bad_head rows[] = {
		{GET "A : b\r\n", HTTP_ERR_FIELD},
		{GET "A\t: b\r\n", HTTP_ERR_FIELD},
		{GET "A B: c\r\n", HTTP_ERR_FIELD},
		{GET ": b\r\n", HTTP_ERR_FIELD},
		{GET "A\r\n", HTTP_ERR_FIELD},
		{GET "A(: b\r\n", HTTP_ERR_FIELD},
		{GET "\xc3\xa4: b\r\n", HTTP_ERR_FIELD},
		{"GET / HTTP/1.1\r\n Host: h\r\n", HTTP_ERR_FOLDING},
		{GET "A: b\r\n c\r\n", HTTP_ERR_FOLDING},
		{GET "A: b\r\n\tContent-Length: 5\r\n", HTTP_ERR_FOLDING},
		{GET " \r\n", HTTP_ERR_FOLDING},
		{GET "A: b\x01\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "A: b\x7f\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "A:\vb\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "A: b\n", HTTP_ERR_LINE_END},
		{GET "A: b\nContent-Length: 5\r\n", HTTP_ERR_LINE_END},
		{GET "A: b\rTransfer-Encoding: chunked\r\n", HTTP_ERR_LINE_END},
		{GET "A: b\r\r\n", HTTP_ERR_LINE_END},
		{GET "A\r: b\r\n", HTTP_ERR_LINE_END},
		{GET "\n", HTTP_ERR_LINE_END},
		{GET "\rX: y\r\n\r\n", HTTP_ERR_LINE_END}, /* CVE-2025-23167 */
		{GET "\r\r\n", HTTP_ERR_LINE_END},
		{GET "\x16: b\r\n", HTTP_ERR_FIELD},
		{GET "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n", HTTP_ERR_FIELDS_LIMIT},
		{GET "A:\r\nB:\r\nC:\r\nD:\r\nE", HTTP_ERR_FIELDS_LIMIT},
		{GET "A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
		 HTTP_ERR_FIELD_LIMIT},
		{GET "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 HTTP_ERR_FIELD_LIMIT},
		{GET "\raaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 HTTP_ERR_FIELD_LIMIT},
	};

	UNUSED(state);
	assert_refused(rows, ARRAY_LEN(rows));
	feed_all_ways(SLICE(GET "A: b\0c\r\n"), HTTP_ERR_FIELD_VALUE, NULL);
	feed_all_ways(SLICE("GET /\0 HTTP/1.1\r\n"), HTTP_ERR_TARGET, NULL);
}

static void test_invalid_host(void **state)
{
	static const struct bad_head rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHosts: h\r\n\r\n", HTTP_ERR_HOST},
		{GET "hOST: h\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h/a\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h:8a\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: [:::]\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: [::1]h\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h:+80\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h\tx\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: http://h\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h?a\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h#a\r\n\r\n", HTTP_ERR_HOST},
		/* RFC 9112 3.2.2: with the absolute form, too. */
		{"GET http://h/ HTTP/1.1\r\n\r\n", HTTP_ERR_HOST},
		{"GET http://h/ HTTP/1.1\r\nHost: i\r\n\r\n", HTTP_ERR_HOST},
		{"CONNECT h:1 HTTP/1.1\r\n\r\n", HTTP_ERR_HOST},
		{"GET / HTTP/1.1\r\nHost: h\x80\r\n\r\n", HTTP_ERR_HOST},
	};

	UNUSED(state);
	assert_refused(rows, ARRAY_LEN(rows));
}

static void test_invalid_framing(void **state)
{
	static const struct bad_head rows[] = {
		{GET "Content-Length:\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: +5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: -5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 0x5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 1 2\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5, 5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 9223372036854775808\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 99999999999999999999\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked, chunked\r\n\r\n", HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked, gzip\r\n\r\n", HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked,\r\n\r\n", HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked, identity\r\n\r\n", HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: ,chunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: identity, chunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: chunked;x\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: \vchunked\r\n\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "Transfer-Encoding: chunked\f\r\n\r\n", HTTP_ERR_FIELD_VALUE},
		{GET "Transfer-Encoding: \xa0 chunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding : chunked\r\n\r\n", HTTP_ERR_FIELD},
		{GET "Transfer-Encoding: chu nked\r\n\r\n", HTTP_ERR_CODING},
		{"GET / HTTP/1.0\r\nTransfer-Encoding: x\r\n\r\n", HTTP_ERR_CODING},
		{GET "Content-Type: a\r\ncontent-TYPE: a\r\n\r\n", HTTP_ERR_CONTENT_TYPE},
		{GET "Content-Length: 5;\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5.0\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 1_0\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: \xb2\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", HTTP_ERR_CONTENT_LENGTH},
		{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding:\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: xchunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: identity\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: \"chunked\"\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: chunked;q=1\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: chunked\xa0\r\n\r\n", HTTP_ERR_CODING},
		{GET "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n", HTTP_ERR_CODING},
		{GET "Expect: x\r\n\r\n", HTTP_ERR_EXPECT},
		{GET "Expect: 100-continue, x\r\n\r\n", HTTP_ERR_EXPECT},
	};

	UNUSED(state);
	assert_refused(rows, ARRAY_LEN(rows));
}

/* Lines that are just as long, and heads with just as many, as allowed. */
static void test_at_the_limits(void **state)
{
	static const char *const heads[] = {
		"GET /aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" HOST "\r\n",
		GET "A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
		GET "A:\r\nB:\r\nC:\r\nD:\r\n\r\n",
	};

	UNUSED(state);
	assert_int_equal(strcspn(heads[0], "\r"), limits.line);
	assert_int_equal(strlen(heads[1]) - strlen(GET) - 2, limits.field_bytes);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		feed_all_ways(slice_from(heads[i]), HTTP_ERR_NONE, check_whole_input);
}

static void check_fields(const struct outcome *o, struct slice input)
{
	const struct http_request *req = &o->req;

	UNUSED(input);
	assert_true(slice_eq(req->line, SLICE("HEAD /a/b?c=d HTTP/1.1")));
	assert_true(slice_eq(req->method, SLICE("HEAD")));
	assert_true(slice_eq(req->target, SLICE("/a/b?c=d")));
	assert_true(slice_eq(req->path, SLICE("/a/b")));
	assert_true(slice_eq(req->query, SLICE("c=d")));
	assert_true(slice_eq(req->version, SLICE("HTTP/1.1")));
	assert_int_equal(req->minor, 1);
	assert_true(req->is_head);
	assert_int_equal(req->n_fields, 4);
	assert_true(slice_eq(req->fields[0].name, SLICE("Host")));
	assert_true(slice_eq(req->fields[0].value, SLICE("h:80")));
	assert_true(slice_eq(req->fields[1].name, SLICE("X-empty")));
	assert_int_equal(req->fields[1].value.len, 0);
	assert_true(slice_eq(req->fields[2].value, SLICE("one \t two")));
	assert_true(slice_eq(http_request_field(req, SLICE("x-LAST"))->value, SLICE("3")));
	assert_null(http_request_field(req, SLICE("X-Las")));
}

static void test_what_is_delivered(void **state)
{
	UNUSED(state);
	feed_all_ways(SLICE("\r\nHEAD /a/b?c=d HTTP/1.1\r\nHost: h:80\r\nX-empty: \r\n"
			    "X-Blanks:\t one \t two \t\r\nX-Last:3\r\n\r\n"),
		      HTTP_ERR_NONE, check_fields);
}

static struct http_request parse(const char *head)
{
	struct run run;

	run_init(&run, &limits);
	run_feed(&run, slice_from(head), strlen(head));
	assert_verdict(&run, slice_from(head), HTTP_ERR_NONE, "whole", 0);
	run_release(&run); /* only numbers and flags may be used */
	return run.outcome.req;
}

static void test_keep_alive(void **state)
{
	static const struct {
		const char *head;
		bool keep_alive;
	} rows[] = {
		{GET "\r\n", true},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"GET / HTTP/1.0\r\nConnection: foo, keep-alive\r\n\r\n", true},
		{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
		{GET "Connection: close\r\n\r\n", false},
		{GET "Connection: foo ,CLOSE\r\n\r\n", false},
		{GET "Connection: keep-alive\r\nconnection: close\r\n\r\n", false},
		{GET "Connection: closed\r\n\r\n", true},
		{GET "Connection:\r\n\r\n", true},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(parse(rows[i].head).keep_alive, rows[i].keep_alive);
}

static void test_flags_and_body(void **state)
{
	struct http_request req;

	UNUSED(state);
	req = parse(GET "\r\n");
	assert_int_equal(req.body, HTTP_BODY_NONE);
	assert_false(req.expect_continue || req.upgrade || req.is_head);

	req = parse(GET "CONTENT-length: 007\r\nExpect: 100-CONTINUE\r\n\r\n");
	assert_int_equal(req.body, HTTP_BODY_LENGTH);
	assert_int_equal(req.content_length, 7);
	assert_true(req.expect_continue);

	req = parse(GET "transfer-ENCODING: Chunked\r\nUpgrade: h2c\r\n\r\n");
	assert_int_equal(req.body, HTTP_BODY_CHUNKED);
	assert_true(req.upgrade);

	req = parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
	assert_false(req.expect_continue);
}

static void check_rest(const struct outcome *o, struct slice input)
{
	assert_int_equal(o->head_len, input.len - strlen("rest\r\n\n\r"));
}

static void test_bytes_behind_the_head_are_left_alone(void **state)
{
	UNUSED(state);
	feed_all_ways(SLICE("BREW / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: x\r\n\r\n"
			    "rest\r\n\n\r"),
		      HTTP_ERR_NONE, check_rest);
	feed_all_ways(SLICE(GET "Content-Length: 9\r\n\r\nrest\r\n\n\r"), HTTP_ERR_NONE,
		      check_rest);
}

static void check_long_value(const struct outcome *o, struct slice input)
{
	const char *value = strchr(memmem(input.base, input.len, "\nX", 2), ':') + 1;
	size_t len = (size_t)(strstr(value, "\r\n") - value);

	check_whole_input(o, input);
	assert_int_equal(o->req.n_fields, 3);
	assert_true(slice_eq(o->req.fields[1].name, SLICE("X-Long")));
	assert_true(slice_eq(o->req.fields[1].value, slice_trim(slice_of(value, len))));
	assert_value(o, SLICE("Last"), SLICE("z"));
}

/* Of long values http-parser sees only the ends: of each length, behind and before blanks. */
static void test_values_of_each_length(void **state)
{
	static const struct http_limits ample = {.fields = 10};
	static const char *const before[] = {"", " ", "\t", " \t  "}, *const after[] = {"", " ",
											"\t "};
	char value[100], head[400];

	UNUSED(state);
	for (size_t i = 0; i < sizeof(value) - 1; i++)
		value[i] = i % 7 == 3 ? ':' : i % 11 == 5 ? ' ' : (char)('a' + i % 26);
	value[sizeof(value) - 1] = '\0';
	for (size_t len = 0; len < sizeof(value); len++)
		for (size_t i = 0; i < ARRAY_LEN(before) * ARRAY_LEN(after); i++) {
			snprintf(head, sizeof(head),
				 "GET / HTTP/1.1\r\nHost: h\r\nX-Long:%s%.*s%s\r\nLast: z\r\n\r\n",
				 before[i % ARRAY_LEN(before)], (int)len, value,
				 after[i / ARRAY_LEN(before)]);
			feed_limited(&ample, slice_from(head), HTTP_ERR_NONE, check_long_value);
		}
}

/* However long, what frames a body is read to its end. */
static void test_long_framing_fields(void **state)
{
	static const struct http_limits usual = {0};
	static const struct bad_head rows[] = {
		{GET "Content-Length: 00000000000000000000000000000000000000000005\r\n\r\n",
		 HTTP_ERR_NONE},
		{GET "Content-Length: 5                                      5\r\n\r\n",
		 HTTP_ERR_CONTENT_LENGTH},
		{GET "Content-Length: 5000000000000000000000000000000000000000000\r\n\r\n",
		 HTTP_ERR_CONTENT_LENGTH},
		{GET "Transfer-Encoding:                                  chunked\r\n\r\n",
		 HTTP_ERR_NONE},
		{GET "Transfer-Encoding: chunked,                         chunked\r\n\r\n",
		 HTTP_ERR_TRANSFER_ENCODING},
		{GET "Transfer-Encoding: gzip;a=aaaaaaaaaaaaaaaaaaaaaaaaa, chunked\r\n\r\n",
		 HTTP_ERR_CODING},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		feed_limited(&usual, slice_from(rows[i].head), rows[i].error, NULL);
}

/* http-parser's own limit of 80 KiB must not rule. */
static void test_large_head(void **state)
{
	const struct http_limits large = {.line = 0, .fields = 0, .field_bytes = 200000};
	struct buf head = {0};
	struct run run;

	UNUSED(state);
	run_init(&run, &large);
	assert_int_equal(buf_append_fmt(&head, "GET /%08000d HTTP/1.1\r\n" HOST, 0), 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(buf_append_fmt(&head, "X-%d: %050d\r\n", i, i), 0);
	assert_int_equal(buf_append_fmt(&head, "X: %0150000d\r\n\r\n", 0), 0);

	struct outcome *o = &run.outcome;

	o->read = http_reader_feed(&run.reader, buf_slice(&head), &o->req);
	assert_int_equal(o->read, HTTP_READ_HEAD);
	assert_int_equal(o->req.n_fields, 3002);
	assert_int_equal(run.reader.head_len, head.len);
	run_release(&run);
	buf_release(&head);
}

static void test_default_limits(void **state)
{
	const struct http_limits none = {0};
	char *line = malloc(9000);
	struct http_request req;

	UNUSED(state);
	assert_non_null(line);
	memset(line, 'a', 9000);
	for (size_t len = 8190; len < 9000; len += 100) {
		struct http_reader reader;
		enum http_read read;

		http_reader_start(&reader, &none, NULL);
		read = http_reader_feed(&reader, slice_of(line, len), &req);
		assert_int_equal(read, len <= 8190 ? HTTP_READ_MORE : HTTP_READ_BAD);
	}
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid_request_lines),
		cmocka_unit_test(test_invalid_fields),
		cmocka_unit_test(test_invalid_host),
		cmocka_unit_test(test_invalid_framing),
		cmocka_unit_test(test_at_the_limits),
		cmocka_unit_test(test_what_is_delivered),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_flags_and_body),
		cmocka_unit_test(test_bytes_behind_the_head_are_left_alone),
		cmocka_unit_test(test_values_of_each_length),
		cmocka_unit_test(test_long_framing_fields),
		cmocka_unit_test(test_large_head),
		cmocka_unit_test(test_default_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
