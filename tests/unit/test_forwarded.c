/* Trusted proxies: who is one, and what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ucorn/http/forwarded.h"

static void test_trust(void **state)
{
	static const struct {
		const char *list, *ip;
		bool trusted;
	} rows[] = {
		{"127.0.0.1,::1", "127.0.0.1", true},
		{"127.0.0.1,::1", "::1", true},
		{"127.0.0.1,::1", "127.0.0.2", false},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
		{"10.0.0.0/8, 192.168.1.0/24", "10.255.0.1", true},
		{"10.0.0.0/8, 192.168.1.0/24", "192.168.1.77", true},
		{"10.0.0.0/8, 192.168.1.0/24", "192.168.2.1", false},
		{"10.0.0.0/9", "10.128.0.0", false},
		{"2001:db8::/32", "2001:db8:1::5", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"*", "203.0.113.9", true},
		{"", "127.0.0.1", false},
		{"", "", true}, /* a unix socket */
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trusted_peers t;
		struct err err;

		assert_int_equal(trusted_peers_init(&t, rows[i].list, &err), 0);
		assert_int_equal(trusted_peers_have(&t, rows[i].ip), rows[i].trusted);
		trusted_peers_release(&t);
	}
}

static void test_bad_lists(void **state)
{
	static const char *const lists[] = {"localhost", "127.0.0.1/33", "10.0.0.1/8", "::1/129",
					    "1.2.3",	 "10.0.0.0/x",	 "10.0.0.0/"};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct trusted_peers t;
		struct err err;

		assert_int_equal(trusted_peers_init(&t, lists[i], &err), -1);
		assert_non_null(strstr(err.text, lists[i]));
	}
}

static void test_scheme(void **state)
{
	static const struct {
		struct http_field fields[2];
		size_t count;
		enum http_error error;
		bool https;
	} rows[] = {
		{{{SLICE("X-Forwarded-Proto"), SLICE("https")}}, 1, HTTP_ERR_NONE, true},
		{{{SLICE("x-forwarded-ssl"), SLICE("on")}}, 1, HTTP_ERR_NONE, true},
		{{{SLICE("X-FORWARDED-PROTOCOL"), SLICE("ssl")}}, 1, HTTP_ERR_NONE, true},
		{{{SLICE("X-Forwarded-Proto"), SLICE("HTTPS")}}, 1, HTTP_ERR_NONE, false},
		{{{SLICE("X-Forwarded-Proto"), SLICE("http")}}, 1, HTTP_ERR_NONE, false},
		{{{SLICE("X-Forwarded-For"), SLICE("https")}}, 1, HTTP_ERR_NONE, false},
		{{{SLICE("X-Forwarded-Proto"), SLICE("https")},
		  {SLICE("X-Forwarded-Ssl"), SLICE("on")}},
		 2,
		 HTTP_ERR_NONE,
		 true},
		{{{SLICE("X-Forwarded-Proto"), SLICE("https")},
		  {SLICE("X-Forwarded-Proto"), SLICE("http")}},
		 2,
		 HTTP_ERR_SCHEME,
		 false},
		{{{SLICE("X-Forwarded-Proto"), SLICE("http")},
		  {SLICE("X-Forwarded-Ssl"), SLICE("on")}},
		 2,
		 HTTP_ERR_SCHEME,
		 false},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_field fields[2] = {rows[i].fields[0], rows[i].fields[1]};
		struct http_request req = {.fields = fields, .n_fields = rows[i].count};

		assert_int_equal(forwarded_scheme(&req), rows[i].error);
		if (rows[i].error == HTTP_ERR_NONE)
			assert_int_equal(req.https, rows[i].https);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
