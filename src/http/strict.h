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
};

/* How many bytes at the start of s are of that class. */
size_t strict_span(struct slice s, enum strict_class class);

/* A line without its CRLF, not empty: METHOD SP TARGET SP VERSION.  Zeroes *req
 * and fills line, method, target, version, minor and is_head. */
MUST_CHECK enum http_error strict_request_line(struct slice line, struct http_request *req);

/* A line without its CRLF, not empty: NAME ":" VALUE. */
MUST_CHECK enum http_error strict_field_line(struct slice line);

#endif
