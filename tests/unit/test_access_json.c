/* Access lines as JSON: every line is valid, whatever a client has sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ucorn/log/access.h"

static void assert_line(const struct access_record *r, const char *expected)
{
	struct err err = {0};
	struct access_format *f = access_format_new("json", &err);
	struct buf out = {0};

	assert_non_null(f);
	assert_int_equal(access_format_line(f, r, &out), 0);
	assert_int_equal(buf_append(&out, "", 1), 0);
	assert_string_equal(out.base, expected);
	buf_release(&out);
	access_format_free(f);
}

static void test_line(void **state)
{
	struct http_field fields[] = {
		{.name = SLICE("User-Agent"), .value = SLICE("a \"quoted\" \\ one")},
		{.name = SLICE("Referer"), .value = SLICE("http://x/")},
		{.name = SLICE("Authorization"), .value = SLICE("Basic YTpi")},
	};
	const struct http_request request = {
		.method = SLICE("GET"),
		.path = SLICE("/caf%C3%A9%0a"),
		.query = SLICE("q=1"),
		.version = SLICE("HTTP/1.1"),
		.fields = fields,
		.n_fields = ARRAY_LEN(fields),
	};
	const struct access_record r = {
		.req = &request,
		.status = 200,
		.remote_addr = "192.0.2.7",
		.bytes_sent = 4321,
		.duration_us = 2034567,
		.now = 1795302979,
		.pid = 1234,
	};

	UNUSED(state);
	assert_line(&r, "{\"time\":\"2026-11-21T23:16:19+00:00\",\"remote_addr\":\"192.0.2.7\","
			"\"user\":\"a\",\"method\":\"GET\",\"path\":\"/caf\xc3\xa9\\n\","
			"\"query\":\"q=1\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":4321,"
			"\"referer\":\"http://x/\",\"user_agent\":\"a \\\"quoted\\\" \\\\ one\","
			"\"duration_us\":2034567,\"pid\":1234}\n");
}

static void test_nothing_known(void **state)
{
	const struct access_record r = {.pid = 1, .remote_addr = ""};

	UNUSED(state);
	assert_line(&r, "{\"time\":\"1970-01-01T00:00:00+00:00\",\"remote_addr\":null,"
			"\"user\":null,\"method\":null,\"path\":null,\"query\":null,"
			"\"protocol\":null,\"status\":null,\"bytes\":0,\"referer\":null,"
			"\"user_agent\":null,\"duration_us\":0,\"pid\":1}\n");
}

static void assert_text(struct slice sent, const char *written)
{
	struct http_field field = {.name = SLICE("user-agent"), .value = sent};
	const struct http_request request = {.fields = &field, .n_fields = 1};
	const struct access_record r = {.req = &request, .pid = 1};
	struct access_format *f = access_format_new_tolerant("json");
	struct buf out = {0}, expected = {0};

	assert_non_null(f);
	assert_int_equal(access_format_line(f, &r, &out), 0);
	assert_int_equal(buf_append(&out, "", 1), 0);
	assert_int_equal(buf_append_fmt(&expected, "\"user_agent\":\"%s\",", written), 0);
	assert_int_equal(buf_append(&expected, "", 1), 0);
	if (!strstr(out.base, expected.base))
		fail_msg("%s is not in %s", expected.base, out.base);
	buf_release(&expected);
	buf_release(&out);
	access_format_free(f);
}

static void test_bytes(void **state)
{
	UNUSED(state);
	assert_text(SLICE("\t\x01\x1b[2J\x7f"), "\\t\\u0001\\u001b[2J\\u007f");
	assert_text(SLICE("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
		    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_text(SLICE("caf\xe9"), "caf\xc3\xa9");		/* latin-1 */
	assert_text(SLICE("\x85|\xc2\x85"), "\\u0085|\\u0085"); /* a line's end to some */
	assert_text(SLICE("\xe2\x82"), "\xc3\xa2\\u0082");	/* cut off */
	assert_text(SLICE("\xe2\x82x"), "\xc3\xa2\\u0082x");
	assert_text(SLICE("\xc0\xaf"), "\xc3\x80\xc2\xaf"); /* '/' in a longer form than its own */
	assert_text(SLICE("\xe0\x80\xaf"), "\xc3\xa0\\u0080\xc2\xaf");
	assert_text(SLICE("\xed\xa0\x80"), "\xc3\xad\xc2\xa0\\u0080"); /* a surrogate */
	assert_text(SLICE("\xf4\x90\x80\x80"), "\xc3\xb4\\u0090\\u0080\\u0080");
	assert_text(SLICE("\xff"), "\xc3\xbf");
	assert_text(SLICE(""), "");
}

static void test_zone(void **state)
{
	const struct access_record r = {.now = 1795302979, .pid = 1};
	struct access_format *f = access_format_new_tolerant("json");
	struct buf out = {0};

	UNUSED(state);
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	assert_int_equal(access_format_line(f, &r, &out), 0);
	assert_true(
		slice_starts(buf_slice(&out), SLICE("{\"time\":\"2026-11-22T04:46:19+05:30\"")));
	setenv("TZ", "UTC", 1);
	tzset();
	buf_release(&out);
	access_format_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_zone),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
