/* Raw lines of a request head: what each byte may be, and whether a line is
 * what RFC 9112 allows.  Private to src/http. */
#ifndef UCORN_HTTP_STRICT_H
#define UCORN_HTTP_STRICT_H

#include "ucorn/http/request.h"

enum strict_class {
	STRICT_TOKEN = 1,  /* RFC 9110 5.6.2: tchar */
	STRICT_VALUE = 2,  /* VCHAR, obs-text, SP, TAB: may stand in a field value */
	STRICT_TARGET = 4, /* VCHAR, obs-text: may stand in a request target */
	STRICT_HOST = 8,   /* RFC 3986 3.2.2: may stand in a reg-name */
	/* tchar but small letters and '#': gunicorn's rule, narrower than RFC 9110's.
	 * What it keeps out is more likely a mistake, methods being case-sensitive. */
	STRICT_METHOD = 16,
};

/* How many bytes at the start of s are of that class. */
size_t strict_span(struct slice s, enum strict_class class);

/* The same, and slower: what strict_span is tested against. */
size_t strict_span_bytewise(struct slice s, enum strict_class class);

static inline bool strict_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A line without its CRLF, not empty: METHOD SP TARGET SP VERSION.  Zeroes *req
 * and fills line, method, target, version and minor. */
MUST_CHECK enum http_error strict_request_line(struct slice line,
					       const struct http_leniency *lenient,
					       struct http_request *req);

/* A line without its CRLF, not empty: NAME ":" VALUE.  Sets *untidy if http-parser
 * might refuse it as it stands: blanks before the colon or at the end. */
MUST_CHECK enum http_error strict_field_line(struct slice line, const struct http_leniency *lenient,
					     bool *untidy);

/* All of it may stand in a field value: a line that continues a field. */
MUST_CHECK enum http_error strict_value(struct slice value);

#endif
