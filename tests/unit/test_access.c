/* Access formats: lines as gunicorn writes them, mistakes as sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ucorn/log/access.h"

#define DEFAULT_FORMAT "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\""

static struct http_field fields[] = {
	{.name = SLICE("Host"), .value = SLICE("example.org")},
	{.name = SLICE("User-Agent"), .value = SLICE("curl/7.88 \"quoted\"")},
	{.name = SLICE("AUTHORIZATION"),
	 .value = SLICE("bAsic  YWxhZGRpbjpvcGVuIHNlc2FtZQ==")}, /* aladdin:... */
	{.name = SLICE("X-Twice"), .value = SLICE("first")},
	{.name = SLICE("X-Twice"), .value = SLICE("second")},
	{.name = SLICE("X-Empty"), .value = SLICE("")},
	{.name = SLICE("X-Evil"), .value = SLICE("a\n127.0.0.1 -\x1b[2J\x7f\\\"\t\xe9")},
};

static const struct http_request request = {
	.line = SLICE("GET /caf%C3%A9%20%22x%22%0a?q=1%202 HTTP/1.1"),
	.method = SLICE("GET"),
	.target = SLICE("/caf%C3%A9%20%22x%22%0a?q=1%202"),
	.path = SLICE("/caf%C3%A9%20%22x%22%0a"),
	.query = SLICE("q=1%202"),
	.version = SLICE("HTTP/1.1"),
	.fields = fields,
	.n_fields = ARRAY_LEN(fields),
};

static bool lookup(void *data, struct slice key, struct slice *value)
{
	assert_string_equal(data, "environ");
	if (!slice_eq(key, SLICE("REMOTE_USER")))
		return false;
	*value = SLICE("ann");
	return true;
}

static struct access_record record(void)
{
	return (struct access_record){
		.req = &request,
		.status = 200,
		.remote_addr = "192.0.2.7",
		.bytes_sent = 4321,
		.duration_us = 2034567,
		.now = 1795302979, /* 2026-11-21 23:16:19 UTC */
		.pid = 1234,
		.environ_lookup = lookup,
		.environ_data = (void *)"environ",
	};
}

static struct access_format *compiled(const char *format)
{
	struct err err = {0};
	struct access_format *f = access_format_new(format, &err);

	if (!f)
		fail_msg("%s: %s", format, err.text);
	return f;
}

static void assert_formatted(const char *format, const struct access_record *r,
			     const char *expected)
{
	struct access_format *f = compiled(format);
	struct buf out = {0};

	assert_int_equal(access_format_line(f, r, &out), 0);
	assert_int_equal(buf_append(&out, "", 1), 0);
	assert_true(out.len >= 2 && out.base[out.len - 2] == '\n');
	out.base[out.len - 2] = '\0';
	assert_string_equal(out.base, expected);
	buf_release(&out);
	access_format_free(f);
}

struct line_case {
	const char *format, *line;
};

static void assert_lines(const struct line_case *cases, size_t n, const struct access_record *r)
{
	for (size_t i = 0; i < n; i++)
		assert_formatted(cases[i].format, r, cases[i].line);
}

static void test_atoms(void **state)
{
	static const struct line_case cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"100%% %%(h)s", "100% %(h)s"},
		{"%(h)s%(l)s%(u)s", "192.0.2.7-aladdin"},
		{"%(t)s", "[21/Nov/2026:23:16:19 +0000]"},
		{"%(r)s", "GET /caf%C3%A9%20%22x%22%0a?q=1%202 HTTP/1.1"},
		{"%(m)s %(U)s %(q)s %(H)s", "GET /caf\xc3\xa9 \\\"x\\\"\\x0a q=1%202 HTTP/1.1"},
		{"%(s)s", "200"},
		{"%(b)s %(B)s %(B)d", "4321 4321 4321"},
		{"%(f)s", "-"},
		{"%(a)s", "curl/7.88 \\\"quoted\\\""},
		{"%(T)s %(M)d %(D)i %(L)s", "2 2034 2034567 2.034567"},
		{"%(p)s", "<1234>"},
		{"%(Z)s %()s %({)s %({})s", "- - - -"},
		{"%({host}i)s %({USER-agent}i)s", "example.org curl/7.88 \\\"quoted\\\""},
		{"%({x-twice}i)s", "second"},
		{"[%({x-empty}i)s] %({x-none}i)s %({}i)s", "[] - -"},
		{"%({REMOTE_USER}e)s %({NOTHING}e)s", "ann -"},
		{"%({content-type}o)s", "-"},
		{"%({host}z)s", "-"},
		{DEFAULT_FORMAT, "192.0.2.7 - aladdin [21/Nov/2026:23:16:19 +0000] "
				 "\"GET /caf%C3%A9%20%22x%22%0a?q=1%202 HTTP/1.1\" 200 4321 \"-\" "
				 "\"curl/7.88 \\\"quoted\\\"\""},
	};
	const struct access_record r = record();

	UNUSED(state);
	assert_lines(cases, ARRAY_LEN(cases), &r);
}

/* Expected lines are what Python's % operator gives. */
static void test_python_conversions(void **state)
{
	static const struct line_case cases[] = {
		{"%(D)09d|%(D)-9d|%(D)9d|%(D)3d", "002034567|2034567  |  2034567|2034567"},
		{"%(T)+d|%(T) d|%(T)+06d|%(T)-06d|", "+2| 2|+00002|2     |"},
		{"%(T).3d|%(T)6.3d|%(T)06.3d|%(T).0d", "002|   002|000002|2"},
		{"%(T)u|%(T)05s|%(M).2s", "2|    2|20"},
		{"%(b)-10s|%(b)10s|%(b)05s|%(b).2s|%(b)5.1s",
		 "4321      |      4321| 4321|43|    4"},
		{"%(l)3s|%(zz)-3s|", "  -|-  |"},
		{"%(h)#s", "192.0.2.7"},
		{"%({x-empty}i)3s|%(h).s", "   |"},
	};
	const struct access_record r = record();

	UNUSED(state);
	assert_lines(cases, ARRAY_LEN(cases), &r);
}

/* The sender of a request cannot make lines, fields or escape sequences. */
static void test_nobody_forges(void **state)
{
	const struct access_record r = record();

	UNUSED(state);
	assert_formatted("%({x-evil}i)s", &r, "a\\x0a127.0.0.1 -\\x1b[2J\\x7f\\\\\\\"\\x09\xe9");
}

static void test_early_failure(void **state)
{
	struct access_record r = {.status = 400, .now = 0, .pid = 1};

	UNUSED(state);
	assert_formatted(DEFAULT_FORMAT, &r,
			 "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"");
	assert_formatted("%(m)s %(U)s %(q)s %(H)s %({a}i)s %({a}e)s %(L)s", &r,
			 "- - - - - - 0.000000");
	r.status = 0;
	r.remote_addr = "";
	assert_formatted("%(h)s %(s)s", &r, "- -");
}

static void assert_user(const char *authorization, const char *user)
{
	struct http_field field = {.name = SLICE("authorization"),
				   .value = slice_from(authorization)};
	const struct http_request req = {.fields = &field, .n_fields = 1};
	const struct access_record r = {.req = &req};

	assert_formatted("%(u)s", &r, user);
}

static void test_basic_user(void **state)
{
	UNUSED(state);
	assert_user("Basic YTpi", "a");
	assert_user("basic YQ==", "a"); /* no colon: all is the user */
	assert_user("Basic YQ", "a");	/* padding left out */
	assert_user("Basic w6k6cHc=", "\xc3\xa9");
	assert_user("Basic YQo6eA==", "a\\x0a"); /* "a\n:x" */
	assert_user("Basic YTo!!!", "a");	 /* the password does not matter */
	assert_user("Basic OnB3", "-");		 /* ":pw" */
	assert_user("Basic !!!!", "-");
	assert_user("Basic", "-");
	assert_user("Basic ", "-");
	assert_user("Basic ====", "-");
	assert_user("Bearer YTpi", "-");
	assert_user("", "-");
}

static void test_response_field(void **state)
{
	struct response resp = {0};
	struct access_record r = record();

	UNUSED(state);
	assert_int_equal(response_start(&resp, SLICE("201 Created")), RESPONSE_OK);
	assert_int_equal(response_field(&resp, SLICE("Content-Type"), SLICE("text/\"x\"")),
			 RESPONSE_OK);
	r.resp = &resp;
	assert_formatted("%({content-type}o)s %({location}o)s", &r, "text/\\\"x\\\" -");
	response_release(&resp);
}

static void test_lines_are_appended(void **state)
{
	struct access_format *f = compiled("%(s)s %(t)s");
	struct access_record r = record();
	struct buf out = {0};

	UNUSED(state);
	assert_int_equal(access_format_line(f, &r, &out), 0);
	assert_int_equal(access_format_line(f, &r, &out), 0); /* the time is cached */
	r.now++;
	assert_int_equal(access_format_line(f, &r, &out), 0);
	assert_true(slice_eq(buf_slice(&out), SLICE("200 [21/Nov/2026:23:16:19 +0000]\n"
						    "200 [21/Nov/2026:23:16:19 +0000]\n"
						    "200 [21/Nov/2026:23:16:20 +0000]\n")));
	buf_release(&out);
	access_format_free(f);
}

static void test_local_zone(void **state)
{
	const struct access_record r = record();

	UNUSED(state);
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	assert_formatted("%(t)s", &r, "[22/Nov/2026:04:46:19 +0530]");
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_mistakes(void **state)
{
	static const struct line_case cases[] = {
		{"a %h",
		 "access_log_format: a % needs %(name)s, or %% for itself at '%h' (byte 2)"},
		{"50%", "access_log_format: a % needs %(name)s, or %% for itself at '%' (byte 2)"},
		{"%(h", "access_log_format: a ) is missing at '%(h' (byte 0)"},
		{"%(h)", "access_log_format: the conversion is missing, as the s of %(h)s at "
			 "'%(h)' (byte 0)"},
		{"%(h)-10", "access_log_format: the conversion is missing, as the s of %(h)s at "
			    "'%(h)-10' (byte 0)"},
		{"%(D)x", "access_log_format: only the conversions s and d are known at "
			  "'%(D)x' (byte 0)"},
		{"%(s)d", "access_log_format: this is text, it needs the conversion s at "
			  "'%(s)d' (byte 0)"},
		{"%(nobody)d", "access_log_format: this is text, it needs the conversion s at "
			       "'%(nobody)d' (byte 0)"},
		{"%(h)1025s", "access_log_format: the width is too large at '%(h)1025s' (byte 0)"},
		{"%(h).99999999999999999999s", "access_log_format: the precision is too large at "
					       "'%(h).999999999999999' (byte 0)"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_null(access_format_new(cases[i].format, &err));
		assert_string_equal(err.text, cases[i].line);
	}
	access_format_free(NULL);
}

/* What is no atom stays as it is; the rest of the line is there. */
static void test_tolerance(void **state)
{
	static const struct line_case cases[] = {
		{"%(h) - %(s)s", "%(h) - 200"},
		{"a %h %(m)s", "a %h GET"},
		{"%(s)d %(D)x %(T)d%", "%(s)d %(D)x 2%"},
		{"%(h", "%(h"},
		{"%%(h)s %(", "%(h)s %("},
	};
	struct access_record r = record();

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct access_format *f = access_format_new_tolerant(cases[i].format);
		struct buf out = {0};

		assert_non_null(f);
		assert_int_equal(access_format_line(f, &r, &out), 0);
		assert_int_equal(out.len, strlen(cases[i].line) + 1);
		assert_memory_equal(out.base, cases[i].line, out.len - 1);
		buf_release(&out);
		access_format_free(f);
	}
}

static void test_exclude(void **state)
{
	UNUSED(state);
	assert_true(access_excludes("/health", SLICE("/health")));
	assert_true(access_excludes("/a, /health", SLICE("/health/db")));
	assert_true(access_excludes("/health/", SLICE("/health/db")));
	assert_true(access_excludes("/health", SLICE("/health/..db/...")));
	assert_false(access_excludes("/health/", SLICE("/health")));
	assert_false(access_excludes("/health", SLICE("/healthcare")));
	assert_false(access_excludes("/health", SLICE("/heal")));
	assert_false(access_excludes("/health", SLICE("/x/health")));
	assert_false(access_excludes("/health", SLICE("/health/../admin")));
	assert_false(access_excludes("/health", SLICE("/health/./admin")));
	assert_false(access_excludes("/health", SLICE("/health/x%2f.%2E")));
	assert_false(access_excludes("", SLICE("/")));
	assert_false(access_excludes(",,", SLICE("/")));
	assert_false(access_excludes("/a", (struct slice){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atoms),
		cmocka_unit_test(test_python_conversions),
		cmocka_unit_test(test_nobody_forges),
		cmocka_unit_test(test_early_failure),
		cmocka_unit_test(test_basic_user),
		cmocka_unit_test(test_response_field),
		cmocka_unit_test(test_lines_are_appended),
		cmocka_unit_test(test_local_zone),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_tolerance),
		cmocka_unit_test(test_exclude),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
