/* The framing of request bodies: our own strict decoder (RFC 9112 6 and 7). */
#ifndef UCORN_HTTP_BODY_H
#define UCORN_HTTP_BODY_H

#include "ucorn/http/request.h"

/* Decides the body's framing from the checked fields: sets req->body and
 * req->content_length.  HTTP_ERR_NONE, or what is wrong. */
MUST_CHECK enum http_error http_body_framing(struct http_request *req);

struct http_body {
	uint8_t state; /* of the decoder, see body.c */
	bool chunked;
	uint64_t left;	   /* of the length, or of the chunk */
	uint64_t received; /* body bytes given out so far */
	uint64_t limit;	   /* of received; 0: none */
	size_t overhead;   /* bytes of the current chunk line or of the trailer section */
	uint8_t matching;  /* forbidden names that the trailer's name so far begins, see body.c */
	uint8_t name_len;  /* of that name so far, while there are any */
};

enum http_body_step {
	HTTP_BODY_MORE, /* all input used, the body goes on */
	HTTP_BODY_DATA, /* *data is the next part of the body */
	HTTP_BODY_END,	/* the body is complete; input behind *used is not its */
	HTTP_BODY_BAD,	/* *error: HTTP_ERR_CHUNK, HTTP_ERR_TRAILER or HTTP_ERR_BODY_LIMIT */
};

void http_body_init(struct http_body *b, const struct http_request *req, uint64_t limit);

/* One step over in: *used bytes of it are done with; *data, on HTTP_BODY_DATA,
 * points into in.  Called again with the rest until MORE, END or BAD. */
MUST_CHECK enum http_body_step http_body_decode(struct http_body *b, struct slice in, size_t *used,
						struct slice *data, enum http_error *error);

#endif
