/* Request targets (RFC 9112 3.2): their form, their parts, percent-decoding. */
#ifndef UCORN_HTTP_TARGET_H
#define UCORN_HTTP_TARGET_H

#include "ucorn/http/request.h"

/* Fills path and query from req->method and req->target.  HTTP_ERR_NONE or
 * HTTP_ERR_TARGET: a relative target, authority form without CONNECT, '*'
 * without OPTIONS, a control byte or a blank. */
MUST_CHECK enum http_error http_target_split(struct http_request *req);

/* Decodes %XX into out (room for in.len bytes); a malformed escape stays as it
 * is.  Gives the number of bytes. */
size_t http_percent_decode(struct slice in, char *out);

#endif
