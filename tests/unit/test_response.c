/* Response heads: what is refused, what is dropped, how bodies are framed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "ucorn/http/response.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct http_request get_11 = {.minor = 1, .keep_alive = true};
static const struct http_request get_10 = {.minor = 0, .keep_alive = true};
static const struct http_request head_11 = {.minor = 1, .keep_alive = true, .is_head = true};

static enum response_fault start(struct response *r, const char *status)
{
	return response_start(r, slice_from(status));
}

static enum response_fault field(struct response *r, const char *name, const char *value)
{
	return response_field(r, slice_from(name), slice_from(value));
}

/* Frames and writes r; releases it. */
static void assert_head(struct response *r, const struct http_request *req, int64_t whole_body,
			const char *wanted)
{
	struct outq q;

	outq_init(&q);
	response_frame(r, req, whole_body, true);
	assert_int_equal(response_head_write(r, req, RESPONSE_SERVER_LINE, DATE, &q), 0);
	assert_true(r->head_sent);
	assert_int_equal(q.bytes, q.copied.len);
	assert_int_equal(buf_append(&q.copied, "", 1), 0);
	assert_string_equal(q.copied.base, wanted);
	outq_release(&q);
	response_release(r);
}

static void test_status(void **state)
{
	static const struct {
		const char *status;
		unsigned number; /* 0: refused */
	} rows[] = {
		{"200 OK", 200},
		{"200", 200},
		{"200 ", 200},
		{"999 \xe4\tb", 999},
		{"100 Continue", 100},
		{"", 0},
		{"20", 0},
		{"099 X", 0},
		{"2000 OK", 0},
		{"200OK", 0},
		{"200\tOK", 0},
		{" 200 OK", 0},
		{"wat", 0},
		{"-20 OK", 0},
		{"200 OK\r\nX: y", 0},
		{"200 O\x01", 0},
		{"200 O\x7f", 0},
	};
	struct response r = {0};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum response_fault wanted = rows[i].number ? RESPONSE_OK : RESPONSE_BAD_STATUS;

		if (start(&r, rows[i].status) != wanted)
			fail_msg("%s", rows[i].status);
		assert_int_equal(r.status, rows[i].number);
		assert_int_equal(r.started, wanted == RESPONSE_OK);
	}
	assert_int_equal(response_start(&r, SLICE("200 \0")), RESPONSE_BAD_STATUS);
	response_release(&r);
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *name, *value;
		enum response_fault fault;
	} rows[] = {
		{"", "b", RESPONSE_BAD_NAME},
		{"A B", "b", RESPONSE_BAD_NAME},
		{"A:", "b", RESPONSE_BAD_NAME},
		{"A\r\nB", "b", RESPONSE_BAD_NAME},
		{"\xc3\xa4", "b", RESPONSE_BAD_NAME},
		{"A", "b\r\nC: d", RESPONSE_BAD_VALUE},
		{"A", "b\n", RESPONSE_BAD_VALUE},
		{"A", "b\r", RESPONSE_BAD_VALUE},
		{"A", "\x7f", RESPONSE_BAD_VALUE},
		{"Server", "a\nb", RESPONSE_BAD_VALUE}, /* though it would be dropped */
		{"Content-Length", "", RESPONSE_BAD_LENGTH},
		{"Content-Length", "+1", RESPONSE_BAD_LENGTH},
		{"Content-Length", "1, 1", RESPONSE_BAD_LENGTH},
		{"Content-Length", "9223372036854775808", RESPONSE_BAD_LENGTH},
	};
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (field(&r, rows[i].name, rows[i].value) != rows[i].fault)
			fail_msg("%s: %s", rows[i].name, rows[i].value);
	}
	assert_int_equal(response_field(&r, SLICE("A"), SLICE("b\0c")), RESPONSE_BAD_VALUE);
	assert_int_equal(r.lines.len, r.status_len); /* nothing was kept */

	assert_int_equal(field(&r, "Content-Length", "5"), RESPONSE_OK);
	assert_int_equal(field(&r, "content-length", "6"), RESPONSE_BAD_LENGTH);
	response_release(&r);
}

static void test_head_and_its_order(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "404 Not Found"), RESPONSE_OK);
	assert_int_equal(field(&r, "x-Lower", " \t a \t b\t "), RESPONSE_OK);
	assert_int_equal(field(&r, "Content-Length", " 5 "), RESPONSE_OK);
	assert_int_equal(field(&r, "Set-Cookie", "a"), RESPONSE_OK);
	assert_int_equal(field(&r, "Content-Length", "5"), RESPONSE_OK); /* once is enough */
	assert_int_equal(field(&r, "Set-Cookie", ""), RESPONSE_OK);
	assert_head(&r, &get_11, -1,
		    "HTTP/1.1 404 Not Found\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nx-Lower: a \t b\r\nContent-Length: 5\r\n"
		    "Set-Cookie: a\r\nSet-Cookie: \r\n\r\n");
}

static void test_own_fields_are_dropped(void **state)
{
	static const char *const names[] = {
		"Connection",
		"KEEP-ALIVE",
		"Proxy-Authenticate",
		"Proxy-Authorization",
		"TE",
		"Trailers",
		"Upgrade",
		"transfer-encoding",
		"Server",
		"date",
	};
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(field(&r, names[i], "close"), RESPONSE_OK);
	assert_int_equal(field(&r, "Tf", "a"), RESPONSE_OK);
	assert_head(&r, &get_11, -1,
		    "HTTP/1.1 200 OK\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nTf: a\r\n\r\n");
}

static void test_websocket_upgrade(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "101 Switching Protocols"), RESPONSE_OK);
	assert_int_equal(field(&r, "Upgrade", "WebSocket"), RESPONSE_OK);
	assert_int_equal(field(&r, "Connection", "Upgrade"), RESPONSE_OK);
	assert_head(&r, &get_11, -1,
		    "HTTP/1.1 101 Switching Protocols\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n");
}

static void test_status_without_reason_has_its_blank(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200"), RESPONSE_OK);
	assert_head(&r, &get_10, 0,
		    "HTTP/1.0 200 \r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
}

static void test_length_of_the_whole_body(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);
	assert_int_equal(field(&r, "A", "b"), RESPONSE_OK);
	assert_head(&r, &get_11, INT64_MAX,
		    "HTTP/1.1 200 OK\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nA: b\r\n"
		    "Content-Length: 9223372036854775807\r\n\r\n");
}

static void test_start_again_forgets(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);
	assert_int_equal(field(&r, "Content-Length", "5"), RESPONSE_OK);
	assert_int_equal(field(&r, "Connection", "upgrade"), RESPONSE_OK);
	assert_int_equal(start(&r, "500 Oops"), RESPONSE_OK);
	assert_true(slice_eq(response_status(&r), SLICE("500 Oops")));
	assert_head(&r, &get_11, 3,
		    "HTTP/1.1 500 Oops\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n");
}

static void test_next_field(void **state)
{
	struct response r = {0};
	struct slice name, value;
	size_t at = 0;

	UNUSED(state);
	assert_false(response_next_field(&r, &at, &name, &value));
	assert_int_equal(start(&r, "200 A: b"), RESPONSE_OK);
	assert_false(response_next_field(&r, &at, &name, &value));
	assert_int_equal(field(&r, "A", "b: c"), RESPONSE_OK);
	assert_int_equal(field(&r, "X", ""), RESPONSE_OK);
	assert_true(response_next_field(&r, &at, &name, &value));
	assert_true(slice_eq(name, SLICE("A")) && slice_eq(value, SLICE("b: c")));
	assert_true(response_next_field(&r, &at, &name, &value));
	assert_true(slice_eq(name, SLICE("X")) && slice_eq(value, SLICE("")));
	assert_false(response_next_field(&r, &at, &name, &value));
	response_release(&r);
}

static void test_field_value(void **state)
{
	struct response r = {0};
	struct slice value;

	UNUSED(state);
	assert_false(response_field_value(&r, SLICE("A"), &value));
	assert_int_equal(start(&r, "200 A: b"), RESPONSE_OK);
	assert_int_equal(field(&r, "Content-Type", "text/plain"), RESPONSE_OK);
	assert_int_equal(field(&r, "X", ""), RESPONSE_OK);
	assert_int_equal(field(&r, "Content", "second: c"), RESPONSE_OK);
	assert_false(response_field_value(&r, SLICE("A"), &value));
	assert_true(response_field_value(&r, SLICE("content-type"), &value));
	assert_true(slice_eq(value, SLICE("text/plain")));
	assert_true(response_field_value(&r, SLICE("x"), &value));
	assert_int_equal(value.len, 0);
	assert_true(response_field_value(&r, SLICE("content"), &value));
	assert_true(slice_eq(value, SLICE("second: c")));
	assert_false(response_field_value(&r, SLICE("second"), &value));
	response_release(&r);
}

/* One row of the truth table, and how the rules of RFC 9112 6.3 and 9.3 see it. */
struct row {
	bool is_head, has_length, client_keeps, may_keep;
	unsigned minor, status;
	int64_t whole_body;
};

static enum response_framing wanted_framing(const struct row *c)
{
	if (c->is_head || c->status < 200 || c->status == 204 || c->status == 304)
		return RESPONSE_NO_BODY;
	if (c->has_length || c->whole_body >= 0)
		return RESPONSE_LENGTH;
	return c->minor == 0 ? RESPONSE_CLOSE : RESPONSE_CHUNKED;
}

/* The Content-Length line, "" for none: the application's is 7. */
static const char *wanted_length(const struct row *c)
{
	if (c->status < 200 || c->status == 204)
		return "";
	if (c->has_length)
		return "Content-Length: 7\r\n";
	if (c->status == 304 || c->whole_body < 0)
		return "";
	if (c->whole_body == 0)
		return c->is_head ? "" : "Content-Length: 0\r\n";
	return "Content-Length: 5\r\n";
}

static bool wanted_keep(const struct row *c)
{
	return c->client_keeps && c->may_keep && c->status >= 200 &&
	       wanted_framing(c) != RESPONSE_CLOSE;
}

static void test_server_line(void **state)
{
	static const struct {
		const char *name, *line; /* NULL: refused */
	} rows[] = {
		{"ucorn", "\r\nServer: ucorn\r\nDate: "},
		{"", "\r\nServer: \r\nDate: "},
		{"a b/1.0 (\xe9)", "\r\nServer: a b/1.0 (\xe9)\r\nDate: "},
		{"a\r\nX: b", NULL},
		{"a\x7f", NULL},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf line = {0};
		int rc = response_server_line(&line, slice_from(rows[i].name));

		assert_int_equal(rc, rows[i].line ? 0 : -EINVAL);
		if (rows[i].line)
			assert_true(slice_eq(buf_slice(&line), slice_from(rows[i].line)));
		buf_release(&line);
	}
}

static void test_head_has_the_server_line(void **state)
{
	const struct http_request req = {.minor = 1};
	struct response r = {0};
	struct buf line = {0};
	char name[600];
	struct outq q;

	UNUSED(state);
	memset(name, 'n', sizeof(name)); /* longer than what else is in a head */
	assert_int_equal(response_server_line(&line, slice_of(name, sizeof(name))), 0);
	assert_int_equal(response_start(&r, SLICE("204 No Content")), RESPONSE_OK);
	response_frame(&r, &req, 0, true);
	outq_init(&q);
	assert_int_equal(response_head_write(&r, &req, buf_slice(&line), DATE, &q), 0);
	assert_non_null(memmem(q.copied.base, q.copied.len, line.base, line.len));
	outq_release(&q);
	buf_release(&line);
	response_release(&r);
}

static void check_row(const struct row *c)
{
	const struct http_request req = {
		.is_head = c->is_head, .minor = c->minor, .keep_alive = c->client_keeps};
	struct response r = {0};
	struct outq q;
	char wanted[512];

	outq_init(&q);
	snprintf(wanted, sizeof(wanted),
		 "HTTP/1.%d %u X\r\nServer: ucorn\r\nDate: " DATE
		 "\r\nConnection: %s\r\n%sA: b\r\n%sC: d\r\n%s\r\n",
		 c->minor > 0, c->status, wanted_keep(c) ? "keep-alive" : "close",
		 wanted_framing(c) == RESPONSE_CHUNKED ? "Transfer-Encoding: chunked\r\n" : "",
		 c->has_length ? wanted_length(c) : "", c->has_length ? "" : wanted_length(c));

	char status[16];

	snprintf(status, sizeof(status), "%u X", c->status);
	assert_int_equal(start(&r, status), RESPONSE_OK);
	assert_int_equal(field(&r, "A", "b"), RESPONSE_OK);
	if (c->has_length)
		assert_int_equal(field(&r, "Content-Length", "7"), RESPONSE_OK);
	assert_int_equal(field(&r, "C", "d"), RESPONSE_OK);
	response_frame(&r, &req, c->whole_body, c->may_keep);
	assert_int_equal(r.framing, wanted_framing(c));
	assert_int_equal(r.keep_alive, wanted_keep(c));
	if (r.framing == RESPONSE_LENGTH)
		assert_int_equal(r.length, c->has_length ? 7 : c->whole_body);
	assert_int_equal(response_head_write(&r, &req, RESPONSE_SERVER_LINE, DATE, &q), 0);
	assert_int_equal(buf_append(&q.copied, "", 1), 0);
	assert_string_equal(q.copied.base, wanted);
	outq_release(&q);
	response_release(&r);
}

static void test_truth_table(void **state)
{
	static const unsigned statuses[] = {100, 101, 199, 200, 204, 205, 206, 304, 404, 500};
	static const int64_t bodies[] = {-1, 0, 5};

	UNUSED(state);
	for (size_t s = 0; s < ARRAY_LEN(statuses); s++) {
		for (unsigned bits = 0; bits < 16; bits++) {
			for (unsigned i = 0; i < 9; i++) {
				const struct row c = {
					.is_head = bits & 1,
					.has_length = bits & 2,
					.client_keeps = bits & 4,
					.may_keep = bits & 8,
					.minor = i % 3,
					.status = statuses[s],
					.whole_body = bodies[i / 3],
				};

				check_row(&c);
			}
		}
	}
}

/* The length for HEAD is announced although no byte of it will be sent. */
static void test_head_announces_length(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);
	assert_head(&r, &head_11, 12,
		    "HTTP/1.1 200 OK\r\nServer: ucorn\r\nDate: " DATE
		    "\r\nConnection: keep-alive\r\nContent-Length: 12\r\n\r\n");
}

static void test_reset_keeps_memory(void **state)
{
	struct response r = {0};

	UNUSED(state);
	assert_int_equal(start(&r, "200 OK"), RESPONSE_OK);

	const char *base = r.lines.base;

	r.sent = 5;
	response_reset(&r);
	assert_false(r.started);
	assert_int_equal(r.sent, 0);
	assert_int_equal(r.lines.len, 0);
	assert_ptr_equal(r.lines.base, base);
	response_release(&r);
	assert_null(r.lines.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_bad_fields),
		cmocka_unit_test(test_head_and_its_order),
		cmocka_unit_test(test_own_fields_are_dropped),
		cmocka_unit_test(test_websocket_upgrade),
		cmocka_unit_test(test_status_without_reason_has_its_blank),
		cmocka_unit_test(test_length_of_the_whole_body),
		cmocka_unit_test(test_start_again_forgets),
		cmocka_unit_test(test_field_value),
		cmocka_unit_test(test_next_field),
		cmocka_unit_test(test_truth_table),
		cmocka_unit_test(test_head_announces_length),
		cmocka_unit_test(test_server_line),
		cmocka_unit_test(test_head_has_the_server_line),
		cmocka_unit_test(test_reset_keeps_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
