/* Error pages: gunicorn's bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ucorn/http/errors.h"
#include "ucorn/http/status.h"

static void test_every_error_has_a_row(void **state)
{
	UNUSED(state);
	for (enum http_error e = HTTP_ERR_NONE + 1; e < HTTP_ERR_COUNT; e++) {
		const struct http_error_info *info = http_error_info(e);

		assert_in_range(info->status, 400, 505);
		assert_non_null(info->message);
		assert_string_not_equal(http_status_reason(info->status), "Unknown");
	}
}

static void test_reasons(void **state)
{
	UNUSED(state);
	assert_string_equal(http_status_reason(200), "OK");
	assert_string_equal(http_status_reason(431), "Request Header Fields Too Large");
	assert_string_equal(http_status_reason(299), "Unknown");
}

static void test_statuses(void **state)
{
	static const struct {
		enum http_error error;
		unsigned status;
	} rows[] = {
		{HTTP_ERR_TLS, 400},
		{HTTP_ERR_VERSION, 400},
		{HTTP_ERR_VERSION_SUPPORT, 505},
		{HTTP_ERR_CODING, 501},
		{HTTP_ERR_CHUNK, 400},
		{HTTP_ERR_TRAILER, 400},
		{HTTP_ERR_LINE_LIMIT, 414},
		{HTTP_ERR_FIELDS_LIMIT, 431},
		{HTTP_ERR_FIELD_LIMIT, 431},
		{HTTP_ERR_BODY_LIMIT, 413},
		{HTTP_ERR_EXPECT, 417},
		{HTTP_ERR_TIMEOUT, 408},
		{HTTP_ERR_SPOOL, 503},
		{HTTP_ERR_APPLICATION, 500},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(http_error_info(rows[i].error)->status, rows[i].status);
	assert_string_equal(http_error_info(HTTP_ERR_CONTENT_TYPE)->message,
			    "Invalid HTTP Header: 'CONTENT-TYPE'");
}

static void assert_page(enum http_error error, struct slice message, bool head_only,
			const char *wanted)
{
	struct buf out = {0};

	assert_int_equal(http_error_page(&out, error, message, head_only), 0);
	assert_int_equal(buf_append(&out, "", 1), 0);
	assert_string_equal(out.base, wanted);
	buf_release(&out);
}

static void test_page(void **state)
{
	UNUSED(state);
	assert_page(HTTP_ERR_METHOD, slice_of(NULL, 0), false,
		    "HTTP/1.1 400 Bad Request\r\n"
		    "Connection: close\r\n"
		    "Content-Type: text/html\r\n"
		    "Content-Length: 135\r\n"
		    "\r\n"
		    "<html>\n"
		    "  <head>\n"
		    "    <title>Bad Request</title>\n"
		    "  </head>\n"
		    "  <body>\n"
		    "    <h1><p>Bad Request</p></h1>\n"
		    "    Invalid Method\n"
		    "  </body>\n"
		    "</html>\n");
}

static void test_own_message_is_escaped(void **state)
{
	UNUSED(state);
	assert_page(HTTP_ERR_EXPECT, SLICE("<a href=\"x\">&'"), false,
		    "HTTP/1.1 417 Expectation Failed\r\n"
		    "Connection: close\r\n"
		    "Content-Type: text/html\r\n"
		    "Content-Length: 174\r\n"
		    "\r\n"
		    "<html>\n"
		    "  <head>\n"
		    "    <title>Expectation Failed</title>\n"
		    "  </head>\n"
		    "  <body>\n"
		    "    <h1><p>Expectation Failed</p></h1>\n"
		    "    &lt;a href=&quot;x&quot;&gt;&amp;&#x27;\n"
		    "  </body>\n"
		    "</html>\n");
}

static void test_head_only(void **state)
{
	UNUSED(state);
	assert_page(HTTP_ERR_APPLICATION, slice_of(NULL, 0), true,
		    "HTTP/1.1 500 Internal Server Error\r\n"
		    "Connection: close\r\n"
		    "Content-Type: text/html\r\n"
		    "Content-Length: 141\r\n"
		    "\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_has_a_row),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_head_only),
		cmocka_unit_test(test_own_message_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
