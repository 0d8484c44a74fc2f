/* The body decoder.  Every input is fed whole, cut at every byte, and byte by
 * byte; what comes out must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "ucorn/http/body.h"

struct result {
	enum http_body_step step; /* MORE, END or BAD */
	enum http_error error;
	struct buf data;
	size_t used;
};

static void feed(struct http_body *body, struct slice in, struct result *r)
{
	char *copy = calloc(in.len > 0 ? in.len : 1, 1); /* of just this size */
	struct slice rest = slice_of(copy, in.len);

	assert_non_null(copy);
	if (in.len > 0)
		memcpy(copy, in.base, in.len);
	do {
		struct slice data;
		size_t used;

		r->step = http_body_decode(body, rest, &used, &data, &r->error);
		assert_true(used <= rest.len);
		if (r->step == HTTP_BODY_DATA) {
			assert_true(data.len > 0);
			assert_int_equal(buf_append_slice(&r->data, data), 0);
		}
		r->used += used;
		rest = slice_of(rest.base + used, rest.len - used);
	} while (r->step == HTTP_BODY_DATA);
	if (r->step == HTTP_BODY_MORE)
		assert_int_equal(rest.len, 0);
	free(copy);
}

/* Feeds pieces of piece bytes, the first of them of first. */
static struct result decode(const struct http_request *req, uint64_t limit, struct slice in,
			    size_t first, size_t piece)
{
	struct http_body body;
	struct result r = {.error = HTTP_ERR_NONE};
	size_t at = 0, len = first;

	http_body_init(&body, req, limit);
	do {
		if (len > in.len - at)
			len = in.len - at;
		feed(&body, slice_of(in.base + at, len), &r);
		at += len;
		len = piece;
	} while (r.step == HTTP_BODY_MORE && at < in.len);
	assert_true(r.data.len == body.received);
	return r;
}

/* wanted: the step at the end, its error, the data, and how much of the input
 * is not the body's. */
struct wanted {
	enum http_body_step step;
	enum http_error error;
	struct slice data;
	size_t behind;
};

static void assert_result(struct result *r, struct slice in, const struct wanted *w, size_t cut)
{
	if (r->step != w->step || r->error != w->error)
		fail_msg("%.*s cut at %zu: step %d, error %d", (int)in.len, in.base, cut, r->step,
			 r->error);
	if (w->step != HTTP_BODY_BAD) {
		if (!slice_eq(buf_slice(&r->data), w->data))
			fail_msg("%.*s cut at %zu: other data", (int)in.len, in.base, cut);
		assert_int_equal(r->used, in.len - w->behind);
	}
	buf_release(&r->data);
}

static void decode_all_ways(const struct http_request *req, uint64_t limit, struct slice in,
			    const struct wanted *w)
{
	struct result r;

	for (size_t cut = 0; cut <= in.len; cut++) {
		r = decode(req, limit, in, cut, in.len);
		assert_result(&r, in, w, cut);
	}
	r = decode(req, limit, in, 1, 1);
	assert_result(&r, in, w, 1);
}

static const struct http_request chunked = {.body = HTTP_BODY_CHUNKED};

static void test_chunked_complete(void **state)
{
	static const struct {
		const char *in, *data;
		size_t behind;
	} rows[] = {
		{"0\r\n\r\n", "", 0},
		{"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
		{"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", 0},
		{"1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "a", 16},
		{"0A\r\n0123456789\r\n000\r\n\r\n", "0123456789", 0},
		{"a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
		{"0000000000000001\r\na\r\n0000000000000000\r\n\r\n", "a", 0},
		{"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0},
		{"1;a\r\nx\r\n0;b=c\r\n\r\n", "x", 0},
		{"1 \t; a = \"b;\t\xff\"\r\nx\r\n0\r\n\r\n", "x", 0},
		{"0\r\nA: b\r\nC:\r\n\r\n", "", 0},
		{"0\r\nX-Digest: 5\r\n\r\nhello", "", 5},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct wanted w = {HTTP_BODY_END, HTTP_ERR_NONE, slice_from(rows[i].data),
					 rows[i].behind};

		decode_all_ways(&chunked, 0, slice_from(rows[i].in), &w);
	}
}

static void test_chunked_unfinished(void **state)
{
	static const struct {
		const char *in, *data;
	} rows[] = {
		{"", ""},
		{"5", ""},
		{"5\r", ""},
		{"5\r\n", ""},
		{"5\r\nhel", "hel"},
		{"5\r\nhello", "hello"},
		{"5\r\nhello\r\n", "hello"},
		{"5\r\nhello\r\n0\r\n", "hello"},
		{"0\r\nA: b\r\n", ""},
		{"0\r\n\r", ""},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct wanted w = {HTTP_BODY_MORE, HTTP_ERR_NONE, slice_from(rows[i].data),
					 0};

		decode_all_ways(&chunked, 0, slice_from(rows[i].in), &w);
	}
}

static void test_chunked_malformed(void **state)
{
	static const char *const rows[] = {
		"\r\n",
		"\n",
		";a\r\n",
		" 5\r\n",
		"x\r\n",
		"g\r\n",
		"+5\r\n",
		"-5\r\n",
		"0x5\r\n",
		"5_0\r\n",
		"5\n",
		"5\rh",
		"5 \r\n",
		"5\t\r\n",
		"5 5\r\n",
		"5 abc\r\n",
		"5,\r\n",
		"5;a\n",
		"5;a\rb\r\n",
		"5;\x01\r\n",
		"5;\x7f\r\n",
		"5\r\nhelloXX",
		"5\r\nhello\n",
		"5\r\nhello\rX",
		"5\r\nhello0\r\n",
		"0\r\n\rX",
		"0\r\n\n",
		"0\r\nA\r\n",
		"0\r\nA : b\r\n",
		"0\r\n A: b\r\n",
		"0\r\n: b\r\n",
		"0\r\nA: b\n",
		"0\r\nA: b\rc",
		"0\r\nA: \x01",
		"0\r\nA: b\r\n c\r\n",
		"00000000000000001\r\n",
		"00000000000000000\r\n\r\n",
		"5;a\r\r\n",
		"5\v\r\n",
		"5\r\r\n",
		"\t5\r\n",
		"0X5\r\n",
		"8000000000000000\r\n",
		"ffffffffffffffff\r\n",
		"10000000000000000\r\n",
	};
	static const struct wanted w = {.step = HTTP_BODY_BAD, .error = HTTP_ERR_CHUNK};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		decode_all_ways(&chunked, 0, slice_from(rows[i]), &w);
	decode_all_ways(&chunked, 0, SLICE("5;\0\r\n"), &w);
	decode_all_ways(&chunked, 0, SLICE("0\r\nA\0: b"), &w);
}

/* RFC 9110 6.5.1: what must not be taken for a field of the head. */
static void test_forbidden_trailers(void **state)
{
	static const char *const forbidden[] = {
		"0\r\nHost:",
		"0\r\nhOST: h\r\n\r\n",
		"0\r\nContent-Length: 5\r\n\r\n",
		"0\r\ntransfer-encoding: chunked\r\n\r\n",
		"0\r\nTRAILER: a\r\n\r\n",
		"0\r\nAuthorization: Basic eDp5\r\n\r\n",
		"0\r\nTE:\r\n\r\n",
		"1\r\na\r\n0\r\nA: b\r\nTes: c\r\nTe: d\r\n\r\n",
	};
	static const char *const fine[] = {
		"T",
		"Hos",
		"Hosts",
		"Content-Lengt",
		"Content-Typ",
		"Trailers",
		"Transfer-Encoding-X",
		"X-Host",
		"te-",
		"auTH",
		"Length",
		"Authorizatiom",
	};
	static const struct wanted bad = {.step = HTTP_BODY_BAD, .error = HTTP_ERR_TRAILER};
	static const struct wanted end = {HTTP_BODY_END, HTTP_ERR_NONE, {"", 0}, 0};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		decode_all_ways(&chunked, 0, slice_from(forbidden[i]), &bad);
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		struct buf in = {0};

		assert_int_equal(buf_append_fmt(&in, "0\r\n%s: x\r\n\r\n", fine[i]), 0);
		decode_all_ways(&chunked, 0, buf_slice(&in), &end);
		buf_release(&in);
	}
}

/* Longer than any counter of the decoder: must not come round to a match. */
static void test_long_trailer_name(void **state)
{
	struct buf in = {0};

	UNUSED(state);
	assert_int_equal(buf_append_slice(&in, SLICE("0\r\nTE")), 0);
	for (int i = 0; i < 1024; i++)
		assert_int_equal(buf_append_slice(&in, SLICE("host")), 0);
	assert_int_equal(buf_append_slice(&in, SLICE(": x\r\n\r\n")), 0);

	struct result r = decode(&chunked, 0, buf_slice(&in), in.len, 1);

	assert_int_equal(r.step, HTTP_BODY_END);
	buf_release(&in);
}

/* Feeds head, then filler without end: must be refused after max bytes. */
static void assert_bounded(const char *head, char filler, size_t max)
{
	struct buf in = {0};

	assert_int_equal(buf_append_slice(&in, slice_from(head)), 0);
	while (in.len < max)
		assert_int_equal(buf_append(&in, &filler, 1), 0);

	struct result r = decode(&chunked, 0, buf_slice(&in), in.len, 1);

	assert_int_equal(r.step, HTTP_BODY_MORE);
	assert_int_equal(buf_append(&in, &filler, 1), 0);
	r = decode(&chunked, 0, buf_slice(&in), 1, 1);
	assert_int_equal(r.step, HTTP_BODY_BAD);
	assert_int_equal(r.error, HTTP_ERR_CHUNK);
	buf_release(&in);
}

static void test_overhead_is_bounded(void **state)
{
	UNUSED(state);
	assert_bounded("5;", 'a', 4096);
	assert_bounded("5", ' ', 4096);
	assert_bounded("0\r\nA:", 'a', 8192 + 3);
}

/* The bound is for one chunk line: many chunks are no offence. */
static void test_many_chunks(void **state)
{
	struct buf in = {0};

	UNUSED(state);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(buf_append_slice(&in, SLICE("1;abc\r\nx\r\n")), 0);
	assert_int_equal(buf_append_slice(&in, SLICE("0\r\n\r\n")), 0);

	struct result r = decode(&chunked, 0, buf_slice(&in), 777, 777);

	assert_int_equal(r.step, HTTP_BODY_END);
	assert_int_equal(r.data.len, 5000);
	buf_release(&r.data);
	buf_release(&in);
}

static void test_limit(void **state)
{
	static const struct wanted end = {HTTP_BODY_END, HTTP_ERR_NONE, {"hello", 5}, 0};
	static const struct wanted bad = {.step = HTTP_BODY_BAD, .error = HTTP_ERR_BODY_LIMIT};
	const struct http_request five = {.body = HTTP_BODY_LENGTH, .content_length = 5};

	UNUSED(state);
	decode_all_ways(&chunked, 5, SLICE("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"), &end);
	decode_all_ways(&chunked, 4, SLICE("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"), &bad);
	decode_all_ways(&chunked, 4, SLICE("7fffffffffffffff\r\n"), &bad);
	decode_all_ways(&five, 5, SLICE("hello"), &end);
	decode_all_ways(&five, 4, SLICE(""), &bad); /* before any of it */
}

static void test_length(void **state)
{
	static const struct wanted end = {HTTP_BODY_END, HTTP_ERR_NONE, {"hello", 5}, 0};
	static const struct wanted rest = {HTTP_BODY_END, HTTP_ERR_NONE, {"hello", 5}, 4};
	static const struct wanted more = {HTTP_BODY_MORE, HTTP_ERR_NONE, {"hell", 4}, 0};
	static const struct wanted empty = {HTTP_BODY_END, HTTP_ERR_NONE, {"", 0}, 4};
	struct http_request req = {.body = HTTP_BODY_LENGTH, .content_length = 5};

	UNUSED(state);
	decode_all_ways(&req, 0, SLICE("hello"), &end);
	decode_all_ways(&req, 0, SLICE("helloGET "), &rest);
	decode_all_ways(&req, 0, SLICE("hell"), &more);
	req.content_length = 0;
	decode_all_ways(&req, 0, SLICE("GET "), &empty);
	req.body = HTTP_BODY_NONE;
	decode_all_ways(&req, 0, SLICE("GET "), &empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunked_complete),
		cmocka_unit_test(test_chunked_unfinished),
		cmocka_unit_test(test_chunked_malformed),
		cmocka_unit_test(test_forbidden_trailers),
		cmocka_unit_test(test_long_trailer_name),
		cmocka_unit_test(test_overhead_is_bounded),
		cmocka_unit_test(test_many_chunks),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
