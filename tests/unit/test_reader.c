/* Request heads, valid and invalid.  Every input is fed whole, cut at every
 * byte, and byte by byte; each time in memory of just its size and at a new
 * place, so that reading beyond it or keeping an old pointer shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "ucorn/http/reader.h"

#define HOST "Host: h\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST

static const struct http_limits limits = {.line = 40, .fields = 5, .field_bytes = 60};

struct outcome {
	enum http_read read;
	enum http_error error;
	size_t head_len;
	struct http_request req;
};

struct run {
	struct http_reader reader;
	struct block_pool pool;
	struct arena arena;
	char *bytes; /* as last fed */
	struct outcome outcome;
};

static void run_init(struct run *run, const struct http_limits *l)
{
	*run = (struct run){0};
	block_pool_init(&run->pool, 4096, 4);
	arena_init(&run->arena, &run->pool);
	http_reader_start(&run->reader, l, &run->arena);
}

static void run_release(struct run *run)
{
	arena_reset(&run->arena);
	block_pool_release(&run->pool);
	free(run->bytes);
}

/* Feeds the first len bytes of input. */
static void run_feed(struct run *run, struct slice input, size_t len)
{
	char *bytes = malloc(len > 0 ? len : 1);
	struct outcome *o = &run->outcome;

	assert_non_null(bytes);
	memcpy(bytes, input.base, len);
	o->read = http_reader_feed(&run->reader, slice_of(bytes, len), &o->req);
	o->head_len = run->reader.head_len;
	o->error = run->reader.error;
	free(run->bytes);
	run->bytes = bytes;
}

/* Feeds in two parts, or byte by byte; stops at a verdict. */
static void run_cut(struct run *run, struct slice input, size_t cut)
{
	run_feed(run, input, cut);
	if (run->outcome.read == HTTP_READ_MORE)
		run_feed(run, input, input.len);
}

static void run_bytewise(struct run *run, struct slice input)
{
	for (size_t len = 1; len <= input.len; len++) {
		run_feed(run, input, len);
		if (run->outcome.read != HTTP_READ_MORE)
			break;
	}
}

static void print_input(struct slice input)
{
	for (size_t i = 0; i < input.len; i++) {
		unsigned char c = (unsigned char)input.base[i];

		if (c >= 0x20 && c < 0x7f)
			print_error("%c", c);
		else
			print_error("\\x%02x", c);
	}
	print_error("\n");
}

static void assert_verdict(const struct run *run, struct slice input, enum http_error error,
			   const char *how, size_t cut)
{
	enum http_read read = error == HTTP_ERR_NONE ? HTTP_READ_HEAD : HTTP_READ_BAD;

	if (run->outcome.read != read || run->outcome.error != error) {
		print_input(input);
		fail_msg("%s %zu: read %d, error %d instead of %d", how, cut, run->outcome.read,
			 run->outcome.error, error);
	}
}

/* Runs check, if any, on each outcome. */
static void feed_limited(const struct http_limits *l, struct slice input, enum http_error error,
			 void (*check)(const struct outcome *, struct slice))
{
	struct run run;

	for (size_t cut = 0; cut <= input.len + 1; cut++) {
		run_init(&run, l);
		if (cut <= input.len)
			run_cut(&run, input, cut);
		else
			run_bytewise(&run, input);
		assert_verdict(&run, input, error, "cut at", cut);
		if (check)
			check(&run.outcome, input);
		run_release(&run);
	}
}

static void feed_all_ways(struct slice input, enum http_error error,
			  void (*check)(const struct outcome *, struct slice))
{
	feed_limited(&limits, input, error, check);
}

static void check_whole_input(const struct outcome *o, struct slice input)
{
	assert_int_equal(o->head_len, input.len);
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

struct bad_head {
	const char *head;
	enum http_error error;
};

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

static void assert_value(const struct outcome *o, struct slice name, struct slice value)
{
	const struct http_field *field = http_request_field(&o->req, name);

	assert_non_null(field);
	if (!slice_eq(field->value, value))
		fail_msg("%.*s", (int)field->value.len, field->value.base);
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
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_casefold_method),
		cmocka_unit_test(test_any_version),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_limits_of_folded_fields),
		cmocka_unit_test(test_name_blanks),
		cmocka_unit_test(test_large_head),
		cmocka_unit_test(test_default_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
