/* Trusted proxies: who is one, what they say, and which fields are passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ucorn/http/forwarded.h"

#define SCHEMES "X-FORWARDED-PROTOCOL=ssl,X-FORWARDED-PROTO=https,X-FORWARDED-SSL=on"

static void init(struct forwarding *f, const struct forwarding_texts *texts)
{
	struct err err;

	if (forwarding_init(f, texts, &err) != 0)
		fail_msg("%s", err.text);
}

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
		{"::ffff:127.0.0.1", "127.0.0.1", true},
		{"::ffff:10.0.0.0/104", "10.1.2.3", true},
		{"10.0.0.0/8, 192.168.1.0/24", "10.255.0.1", true},
		{"10.0.0.0/8, 192.168.1.0/24", "192.168.1.77", true},
		{"10.0.0.0/8, 192.168.1.0/24", "192.168.2.1", false},
		{"10.0.0.0/8", "::ffff:10.9.8.7", true},
		{"10.0.0.0/9", "10.128.0.0", false},
		{"10.0.0.1/32", "10.0.0.1", true},
		{"10.0.0.1/32", "10.0.0.0", false},
		{"2001:db8::/32", "2001:db8:1::5", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "203.0.113.9", true},
		{"*", "203.0.113.9", true},
		{"10.0.0.1,*", "203.0.113.9", true},
		{" , 127.0.0.1 ,", "127.0.0.1", true},
		{"10.0.0.0/8", "nonsense", false},
		{"", "127.0.0.1", false},
		{NULL, "127.0.0.1", false},
		{"", "", true}, /* a unix socket */
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct forwarding_texts texts = {.allow_ips = rows[i].list};
		struct forwarding f;

		init(&f, &texts);
		if (forwarding_trusts(&f, rows[i].ip) != rows[i].trusted)
			fail_msg("%s in %s", rows[i].ip, rows[i].list);
		forwarding_release(&f);
	}
}

/* Each error names the setting and the culprit, and leaves nothing behind. */
static void test_bad_texts(void **state)
{
	static const struct {
		struct forwarding_texts texts;
		const char *setting, *culprit;
	} rows[] = {
		{{.allow_ips = "::1,localhost"}, "forwarded_allow_ips", "'localhost'"},
		{{.allow_ips = "127.0.0.1/33"}, "forwarded_allow_ips", "'127.0.0.1/33'"},
		{{.allow_ips = "10.0.0.1/8"}, "forwarded_allow_ips", "'10.0.0.1/8'"},
		{{.allow_ips = "2001:db8::1/64"}, "forwarded_allow_ips", "'2001:db8::1/64'"},
		{{.allow_ips = "::1/129"}, "forwarded_allow_ips", "'::1/129'"},
		{{.allow_ips = "1.2.3"}, "forwarded_allow_ips", "'1.2.3'"},
		{{.allow_ips = "10.0.0.0/x"}, "forwarded_allow_ips", "'10.0.0.0/x'"},
		{{.allow_ips = "10.0.0.0/"}, "forwarded_allow_ips", "'10.0.0.0/'"},
		{{.allow_ips = "10.0.0.0/-1"}, "forwarded_allow_ips", "'10.0.0.0/-1'"},
		{{.allow_ips = "/8"}, "forwarded_allow_ips", "'/8'"},
		{{.allow_ips = "0.0.0.0/9223372036854775807"}, "forwarded_allow_ips", "'0.0.0.0/9"},
		{{.forwarder_headers = "PATH_INFO,A B"}, "forwarder_headers", "'A B'"},
		{{.forwarder_headers = "A:"}, "forwarder_headers", "'A:'"},
		{{.header_map = "keep"}, "header_map", "'keep'"},
		{{.scheme_headers = "X-SSL"}, "secure_scheme_headers", "'X-SSL'"},
		{{.scheme_headers = "=on"}, "secure_scheme_headers", "'=on'"},
		{{.scheme_headers = "A=b,X SSL=on"}, "secure_scheme_headers", "'X SSL=on'"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forwarding f;
		struct err err;

		assert_int_equal(forwarding_init(&f, &rows[i].texts, &err), -1);
		assert_non_null(strstr(err.text, rows[i].setting));
		assert_non_null(strstr(err.text, rows[i].culprit));
		assert_null(f.texts);
		assert_int_equal(f.n_networks + f.n_names + f.n_schemes, 0);
	}
}

struct scheme_row {
	const char *name1, *value1, *name2, *value2;
	enum http_error error;
	bool https;
};

static void assert_scheme(const struct forwarding *f, bool trusted, const struct scheme_row *row)
{
	struct http_field fields[2] = {
		{.name = slice_from(row->name1), .value = slice_from(row->value1)}};
	struct http_request req = {.fields = fields, .n_fields = 1};

	if (row->name2) {
		fields[1] = (struct http_field){.name = slice_from(row->name2),
						.value = slice_from(row->value2)};
		req.n_fields = 2;
	}
	if (!trusted) {
		assert_int_equal(forwarding_apply(f, false, &req), HTTP_ERR_NONE);
		assert_false(req.https);
		return;
	}
	assert_int_equal(forwarding_apply(f, true, &req), row->error);
	if (row->error == HTTP_ERR_NONE)
		assert_int_equal(req.https, row->https);
}

static void test_scheme(void **state)
{
	static const struct forwarding_texts texts = {.scheme_headers = SCHEMES ", FRONT_SSL=1"};
	static const struct scheme_row rows[] = {
		{"X-Forwarded-Proto", "https", NULL, NULL, HTTP_ERR_NONE, true},
		{"x-forwarded-ssl", "on", NULL, NULL, HTTP_ERR_NONE, true},
		{"X-FORWARDED-PROTOCOL", "ssl", NULL, NULL, HTTP_ERR_NONE, true},
		{"X-Forwarded-Proto", "HTTPS", NULL, NULL, HTTP_ERR_NONE, false},
		{"X-Forwarded-Proto", "http", NULL, NULL, HTTP_ERR_NONE, false},
		{"X-Forwarded-Proto", "https, http", NULL, NULL, HTTP_ERR_NONE, false},
		{"X-Forwarded-Proto", "", NULL, NULL, HTTP_ERR_NONE, false},
		{"X-Forwarded-For", "https", NULL, NULL, HTTP_ERR_NONE, false},
		{"X-Forwarded-Prot", "https", NULL, NULL, HTTP_ERR_NONE, false},
		{"Front_Ssl", "1", NULL, NULL, HTTP_ERR_NONE, true}, /* though it is dropped */
		{"X-Forwarded-Proto", "https", "X-Forwarded-Ssl", "on", HTTP_ERR_NONE, true},
		{"X-Forwarded-Proto", "https", "X-Forwarded-Proto", "https", HTTP_ERR_NONE, true},
		{"X-Forwarded-Proto", "http", "X-Forwarded-Ssl", "off", HTTP_ERR_NONE, false},
		{"X-Forwarded-Proto", "https", "X-Forwarded-Proto", "http", HTTP_ERR_SCHEME, false},
		{"X-Forwarded-Proto", "http", "X-Forwarded-Ssl", "on", HTTP_ERR_SCHEME, false},
	};
	struct forwarding f;

	UNUSED(state);
	init(&f, &texts);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_scheme(&f, true, &rows[i]);
		assert_scheme(&f, false, &rows[i]);
	}
	forwarding_release(&f);
}

/* The forms that the setting's text may have. */
static void test_scheme_texts(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"X-SSL=on", "on"},   {" X-SSL=on ,", "on"}, {"A=b,x-ssl=on", "on"},
		{"X-SSL=a b", "a b"}, {"X-SSL=a=b", "a=b"},  {"X-SSL=\"on\"", "\"on\""},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct forwarding_texts texts = {.scheme_headers = rows[i].text};
		const struct scheme_row row = {"X-Ssl", rows[i].value, NULL,
					       NULL,	HTTP_ERR_NONE, true};
		struct forwarding f;

		init(&f, &texts);
		assert_scheme(&f, true, &row);
		forwarding_release(&f);
	}
}

/* Which of the fields of a request are left, as the first letters of their names. */
static void assert_left(const struct forwarding_texts *texts, bool trusted, const char *wanted)
{
	struct http_field fields[] = {
		{.name = SLICE("Host"), .value = SLICE("h")},
		{.name = SLICE("Script_Name"), .value = SLICE("/a")},
		{.name = SLICE("X-A_B"), .value = SLICE("1")},
		{.name = SLICE("Content-Type"), .value = SLICE("t")},
		{.name = SLICE("path_info"), .value = SLICE("/")},
		{.name = SLICE("_"), .value = SLICE("u")},
		{.name = SLICE("Zone"), .value = SLICE("z")},
	};
	struct http_request req = {.fields = fields, .n_fields = ARRAY_LEN(fields)};
	struct forwarding f;
	char left[ARRAY_LEN(fields) + 1] = "";

	init(&f, texts);
	assert_int_equal(forwarding_apply(&f, trusted, &req), HTTP_ERR_NONE);
	for (size_t i = 0; i < req.n_fields; i++)
		left[i] = req.fields[i].name.base[0];
	assert_string_equal(left, wanted);
	assert_true(slice_eq(fields[req.n_fields - 1].value, SLICE("z")));
	forwarding_release(&f);
}

static void test_underscores(void **state)
{
	static const struct {
		const char *headers, *map, *trusted, *untrusted;
	} rows[] = {
		{NULL, NULL, "HCZ", "HCZ"},
		{"SCRIPT_NAME,PATH_INFO", NULL, "HSCpZ", "HCZ"},
		{" script_name ,", "drop", "HSCZ", "HCZ"},
		{"*", "DROP", "HSXCp_Z", "HCZ"},
		{"*", "", "HSXCp_Z", "HCZ"},
		{"X-A_B,_", "drop", "HXC_Z", "HCZ"},
		{NULL, "dangerous", "HSXCp_Z", "HSXCp_Z"},
		{"SCRIPT_NAME", "Dangerous", "HSXCp_Z", "HSXCp_Z"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct forwarding_texts texts = {.forwarder_headers = rows[i].headers,
						       .header_map = rows[i].map};

		assert_left(&texts, true, rows[i].trusted);
		assert_left(&texts, false, rows[i].untrusted);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *headers, *name;
		enum http_error trusted, untrusted;
	} rows[] = {
		{"SCRIPT_NAME", "SCRIPT_NAME", HTTP_ERR_NONE, HTTP_ERR_FIELD},
		{"SCRIPT_NAME", "PATH_INFO", HTTP_ERR_FIELD, HTTP_ERR_FIELD},
		{"SCRIPT_NAME", "SCRIPT-NAME", HTTP_ERR_NONE, HTTP_ERR_NONE},
		{"*", "A_", HTTP_ERR_NONE, HTTP_ERR_FIELD},
		{NULL, "_A", HTTP_ERR_FIELD, HTTP_ERR_FIELD},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct forwarding_texts texts = {.forwarder_headers = rows[i].headers,
						       .header_map = "refuse"};
		struct http_field field = {.name = slice_from(rows[i].name), .value = SLICE("x")};
		struct http_request req = {.fields = &field, .n_fields = 1};
		struct forwarding f;

		init(&f, &texts);
		assert_int_equal(forwarding_apply(&f, true, &req), rows[i].trusted);
		assert_int_equal(forwarding_apply(&f, false, &req), rows[i].untrusted);
		forwarding_release(&f);
	}
}

/* What a service has before it is configured. */
static void test_zeroed(void **state)
{
	static const struct forwarding f;
	struct http_field fields[] = {{.name = SLICE("X-Forwarded-Proto"), .value = SLICE("https")},
				      {.name = SLICE("SCRIPT_NAME"), .value = SLICE("/a")}};
	struct http_request req = {.fields = fields, .n_fields = 2};

	UNUSED(state);
	assert_false(forwarding_trusts(&f, "127.0.0.1"));
	assert_int_equal(forwarding_apply(&f, true, &req), HTTP_ERR_NONE);
	assert_int_equal(req.n_fields, 1);
	assert_false(req.https);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),	    cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_scheme),	    cmocka_unit_test(test_scheme_texts),
		cmocka_unit_test(test_underscores), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
