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
	size_t checked; /* bytes of whole lines that have been checked */
	size_t scanned; /* bytes searched for a line end so far (>= checked) */
	size_t lines;   /* complete lines, the request line included */
	size_t skipped; /* bytes of empty lines before the request line (RFC 9112 2.2) */
};

enum http_read {
	HTTP_READ_MORE, /* good so far; call again with more behind the same bytes */
	HTTP_READ_HEAD, /* *req is filled */
	HTTP_READ_BAD,  /* *error says what is wrong; nothing more may be read */
};

static inline void http_reader_reset(struct http_reader *r)
{
	*r = (struct http_reader){0};
}

/* bytes: everything received of this request so far, from its first byte (they
 * may have moved since the last call, but not changed).  On HTTP_READ_HEAD
 * *head_len is the length of the head with its empty line; bytes behind it
 * belong to the body or to the next request.  Blocks never, keeps no pointer
 * but those in *req.  -ENOMEM shows as HTTP_READ_BAD with HTTP_ERR_SPOOL. */
MUST_CHECK enum http_read http_reader_feed(struct http_reader *r, struct slice bytes,
					   const struct http_limits *limits, struct arena *arena,
					   struct http_request *req, size_t *head_len,
					   enum http_error *error);

#endif
