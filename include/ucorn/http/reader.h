/* Reads request heads.
 *
 * The raw bytes are checked line by line as they come (strict.c), so that a
 * bad line is refused at once and nothing http-parser is lenient about reaches
 * it; the complete head then goes through http-parser, which delivers the
 * fields; target.c and body.c judge target and framing. */
#ifndef UCORN_HTTP_READER_H
#define UCORN_HTTP_READER_H

#include "ucorn/http/request.h"

struct http_reader {
	const struct http_limits *limits; /* borrowed */
	struct arena *arena;		  /* borrowed: fields go here */
	size_t checked;			  /* bytes of whole lines that have been checked */
	size_t scanned;			  /* bytes searched for a line end so far (>= checked) */
	size_t lines;			  /* complete lines, the request line included; a
					   * continuation is no line of its own */
	size_t field_start;		  /* where the first line of the last field begins */
	bool untidy;			  /* the fields go to http-parser in a tidied copy */
	size_t skipped;	       /* bytes of empty lines before the request line (RFC 9112 2.2) */
	size_t head_len;       /* on HTTP_READ_HEAD: of the head with its empty line */
	enum http_error error; /* on HTTP_READ_BAD: what is wrong */
};

enum http_read {
	HTTP_READ_MORE, /* good so far; call again with more behind the same bytes */
	HTTP_READ_HEAD, /* *req is filled, r->head_len is set */
	HTTP_READ_BAD,	/* r->error says what is wrong; nothing more may be read */
};

/* Nothing but whole empty lines has come: no request has begun. */
static inline bool http_reader_is_idle(const struct http_reader *r, size_t len)
{
	return r->lines == 0 && r->skipped == len;
}

/* Begins a request head. */
static inline void http_reader_start(struct http_reader *r, const struct http_limits *limits,
				     struct arena *arena)
{
	*r = (struct http_reader){.limits = limits, .arena = arena};
}

/* bytes: everything received of this request so far, from its first byte (they
 * may have moved since the last call, but not changed).  Bytes behind the head
 * belong to the body or to the next request.  Blocks never, keeps no pointer
 * into bytes but those in *req.  -ENOMEM shows as HTTP_ERR_SPOOL. */
MUST_CHECK enum http_read http_reader_feed(struct http_reader *r, struct slice bytes,
					   struct http_request *req);

#endif
