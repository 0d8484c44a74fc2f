/* Request targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ucorn/http/target.h"

static struct http_request request(const char *method, struct slice target)
{
	return (struct http_request){.method = slice_from(method), .target = target};
}

static void test_valid(void **state)
{
	static const struct {
		const char *method, *target, *path, *query;
	} rows[] = {
		{"GET", "/", "/", ""},
		{"GET", "/a/b?c=d&e", "/a/b", "c=d&e"},
		{"GET", "/a?", "/a", ""},
		{"GET", "/a?b?c", "/a", "b?c"},
		{"GET", "/?a/b", "/", "a/b"},
		{"GET", "//a//b", "//a//b", ""},
		{"GET", "/../%2e%00", "/../%2e%00", ""},
		{"GET", "/a#b?c", "/a", ""},
		{"GET", "/a?b#c?d", "/a", "b"},
		{"GET", "/*", "/*", ""},
		{"GET", "/http://h/", "/http://h/", ""},
		{"GET", "/\xc3\xa4?\xff", "/\xc3\xa4", "\xff"},
		{"GET", "/\"<>\\^`{|}", "/\"<>\\^`{|}", ""},
		{"GET", "http://h/a?b", "/a", "b"},
		{"GET", "http://h:80/", "/", ""},
		{"GET", "http://h:/", "/", ""},
		{"GET", "HTTP+x-1.y://h/", "/", ""},
		{"GET", "http://h", "", ""},
		{"GET", "http://h?b", "", "b"},
		{"GET", "http://h#f", "", ""},
		{"GET", "http://[::1]:80/a", "/a", ""},
		{"GET", "http://[::ffff:1.2.3.4]", "", ""},
		{"GET", "http://h//a", "//a", ""},
		{"GET", "http://h/a@b", "/a@b", ""},
		{"GET", "//h:80/a", "//h:80/a", ""},
		{"GET", "///", "///", ""},
		{"OPTIONS", "*", "*", ""},
		{"OPTIONS", "/", "/", ""},
		{"CONNECT", "h:443", "", ""},
		{"CONNECT", "[::1]:443", "", ""},
		{"connect", "/a", "/a", ""},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request req = request(rows[i].method, slice_from(rows[i].target));

		if (http_target_split(&req) != HTTP_ERR_NONE)
			fail_msg("%s was refused", rows[i].target);
		if (!slice_eq(req.path, slice_from(rows[i].path)))
			fail_msg("path of %s is %.*s", rows[i].target, (int)req.path.len,
				 req.path.base);
		if (!slice_eq(req.query, slice_from(rows[i].query)))
			fail_msg("query of %s is %.*s", rows[i].target, (int)req.query.len,
				 req.query.base);
	}
}

static void test_invalid(void **state)
{
	static const struct {
		const char *method, *target;
	} rows[] = {
		{"GET", ""},
		{"GET", "a"},
		{"GET", "a/b"},
		{"GET", "?a"},
		{"GET", "#a"},
		{"GET", "*"},
		{"OPTIONS", "**"},
		{"OPTIONS", "*/a"},
		{"GET", "/a b"},
		{"GET", "/a\tb"},
		{"GET", "/a\x01"},
		{"GET", "/a\x7f"},
		{"GET", "h:443"},
		{"GET", "http:/h"},
		{"GET", "http:///a"},
		{"GET", "http://:80/a"},
		{"GET", "http://h:8a/"},
		{"GET", "http://u@h/"},
		{"GET", "http://[::1/"},
		{"GET", "http://[]/"},
		{"GET", "http://[1.2.3.4]/"},
		{"GET", "http://[:::]/"},
		{"GET", "http://[::12345]/"},
		{"GET", "http://[::1%eth0]/"},
		{"GET", "http://[v1.a]/"},
		{"GET", "http://[1:2:3:4:5:6:7:8:1:2:3:4:5:6:7:8:1:2:3:4:5:6:7:8:1:2:3]/"},
		{"GET", "http://u:p@h/"},
		{"GET", "http://@h/"},
		{"GET", "http://?a"},
		{"GET", "http://"},
		{"GET", "http://h\xc3\xa4/"},
		{"GET", "://"},
		{"GET", "http://[::1]x/"},
		{"GET", "http://h\\x/"},
		{"GET", "://h/"},
		{"GET", "1http://h/"},
		{"CONNECT", "/a"},
		{"CONNECT", "http://h/"},
		{"CONNECT", "h"},
		{"CONNECT", "u@h:443"},
		{"CONNECT", "h:443?a"},
		{"CONNECT", "h:443#a"},
		{"CONNECT", "h:4 43"},
		{"CONNECT", "[::1]"},
		{"CONNECT", "//h:443"},
		{"CONNECT", "h:"},
		{"CONNECT", ":443"},
		{"CONNECT", "h:443/"},
		{"CONNECT", "*"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request req = request(rows[i].method, slice_from(rows[i].target));

		if (http_target_split(&req) != HTTP_ERR_TARGET)
			fail_msg("%s %s was taken", rows[i].method, rows[i].target);
	}

	struct http_request with_nul = request("GET", SLICE("/a\0b"));

	assert_int_equal(http_target_split(&with_nul), HTTP_ERR_TARGET);
}

static void assert_decoded(struct slice in, struct slice wanted)
{
	char out[64];
	size_t len = http_percent_decode(in, out);

	assert_true(slice_eq(slice_of(out, len), wanted));
}

static void test_percent(void **state)
{
	UNUSED(state);
	assert_decoded(SLICE(""), SLICE(""));
	assert_decoded(SLICE("/a%20b"), SLICE("/a b"));
	assert_decoded(SLICE("%c3%A4%00"), SLICE("\xc3\xa4\0"));
	assert_decoded(SLICE("%2525"), SLICE("%25"));
	assert_decoded(SLICE("%"), SLICE("%"));
	assert_decoded(SLICE("%4"), SLICE("%4"));
	assert_decoded(SLICE("%4g%g4%%41"), SLICE("%4g%g4%A"));
	assert_decoded(SLICE("a+b"), SLICE("a+b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
