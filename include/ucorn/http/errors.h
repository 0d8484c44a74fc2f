/* What can be wrong with a request, each with its status and message: one row
 * in src/http/errors.c.  Messages are gunicorn's where it has one. */
#ifndef UCORN_HTTP_ERRORS_H
#define UCORN_HTTP_ERRORS_H

#include "ucorn/util/buf.h"

enum http_error {
	HTTP_ERR_NONE,
	HTTP_ERR_REQUEST_LINE,	    /* 400: not METHOD SP TARGET SP VERSION */
	HTTP_ERR_TLS,		    /* 400: a TLS handshake on a port without TLS */
	HTTP_ERR_METHOD,	    /* 400: not a token, or not a conventional one */
	HTTP_ERR_TARGET,	    /* 400: no form of RFC 9112 3.2, or not for this method */
	HTTP_ERR_VERSION,	    /* 400: not HTTP/D.D */
	HTTP_ERR_VERSION_SUPPORT,   /* 505: well formed, but not 1.x */
	HTTP_ERR_LINE_END,	    /* 400: LF without CR, or CR without LF */
	HTTP_ERR_FIELD,		    /* 400: no colon, or an empty or non-token name */
	HTTP_ERR_FIELD_VALUE,	    /* 400: control byte in a value */
	HTTP_ERR_FOLDING,	    /* 400: a line that starts with a blank */
	HTTP_ERR_HOST,		    /* 400: missing (1.1), repeated or malformed */
	HTTP_ERR_CONTENT_TYPE,	    /* 400: repeated */
	HTTP_ERR_CONTENT_LENGTH,    /* 400: not digits, repeated, or too large to count */
	HTTP_ERR_TRANSFER_ENCODING, /* 400: not one final chunked, with CL, or on HTTP/1.0 */
	HTTP_ERR_CODING,	    /* 501: an unknown transfer coding */
	HTTP_ERR_LINE_LIMIT,	    /* 414: request line over limit_request_line */
	HTTP_ERR_FIELDS_LIMIT,	    /* 431: more than limit_request_fields lines */
	HTTP_ERR_FIELD_LIMIT,	    /* 431: a field over limit_request_field_size */
	HTTP_ERR_HEAD_LIMIT,	    /* 431: a head over limit_request_head */
	HTTP_ERR_CHUNK,		    /* 400: malformed chunk or trailer */
	HTTP_ERR_TRAILER,	    /* 400: a trailer field that belongs into the head */
	HTTP_ERR_BODY_LIMIT,	    /* 413 */
	HTTP_ERR_SCHEME,	    /* 400: trusted fields say both http and https */
	HTTP_ERR_EXPECT,	    /* 417 */
	HTTP_ERR_TIMEOUT,	    /* 408: a started request did not come in time */
	HTTP_ERR_SPOOL,		    /* 503: no room for the body, or for the fields */
	HTTP_ERR_APPLICATION,	    /* 500: the application failed before its head went out */
	HTTP_ERR_COUNT
};

struct http_error_info {
	unsigned status;
	const char *message; /* for the page and the log; never NULL */
};

const struct http_error_info *http_error_info(enum http_error error);

/* Appends the whole error response: gunicorn's page with `Connection: close`.
 * message replaces the table's when its base is not NULL; it is HTML-escaped
 * here.  No body when head_only (the answer to HEAD). */
MUST_CHECK int http_error_page(struct buf *out, enum http_error error, struct slice message,
			       bool head_only);

#endif
