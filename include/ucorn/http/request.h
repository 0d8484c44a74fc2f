/* A request head, as checked and parsed.  All slices point into the bytes that
 * were given to http_reader_feed, or into the arena; the conn keeps both in
 * place until the exchange has ended. */
#ifndef UCORN_HTTP_REQUEST_H
#define UCORN_HTTP_REQUEST_H

#include "ucorn/http/errors.h"
#include "ucorn/util/blocks.h"

/* What gunicorn can be told to let through; all of it is off by default. */
struct http_leniency {
	bool folding;	      /* permit_obsolete_folding: joined by one blank */
	bool name_blanks;     /* strip_header_spaces: between name and colon */
	bool any_method;      /* permit_unconventional_http_method: any token; without it one
			       * of 3 to 20 bytes without small letters and '#' */
	bool any_version;     /* permit_unconventional_http_version: any HTTP/D.D */
	bool casefold_method; /* casefold_http_method: made capitals, after the check */
};

struct http_limits {
	size_t line;	    /* bytes of the request line without CRLF; 0: 8190 */
	size_t fields;	    /* header lines; 0: 32768 */
	size_t field_bytes; /* one header line with CRLF, or all lines of a folded one; 0: 8190 */
	size_t head;	    /* bytes of the whole head; 0: what the others add up to */
	uint64_t body;	    /* 0: none */
	struct http_leniency lenient;
};

/* The fields that mean something to the server itself. */
enum known_field {
	FIELD_OTHER,
	FIELD_HOST,
	FIELD_CONNECTION,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_TYPE,
	FIELD_TRANSFER_ENCODING,
	FIELD_EXPECT,
	FIELD_UPGRADE,
	FIELD_SCRIPT_NAME, /* SCRIPT_NAME, which proxies send */
};

struct http_field {
	struct slice name;  /* as sent */
	struct slice value; /* without the blanks round it */
	enum known_field known;
};

enum http_body_kind { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };

struct http_request {
	struct slice line;	/* the request line without CRLF */
	struct slice method;	/* as sent, or made capitals (casefold_method) */
	struct slice target;	/* as sent */
	struct slice path;	/* of the target, not decoded: "*" for OPTIONS *, the
			      * authority's path (may be "") in absolute form */
	struct slice authority; /* of a target in absolute form; "" of others */
	size_t mounted;	    /* bytes at the path's start that lead to the application, once known */
	struct slice query; /* behind the first '?', without fragment; "" if none */
	struct slice version;	   /* "HTTP/1.1" as sent */
	unsigned minor;		   /* HTTP/1.minor; below 1.0: 0, above 1.9: 1 (any_version) */
	struct http_field *fields; /* in the arena, in the order sent */
	size_t n_fields;
	bool is_head;	      /* the method is HEAD */
	bool keep_alive;      /* what the client wants, RFC 9112 9.3 */
	bool expect_continue; /* and at least HTTP/1.1 */
	bool upgrade;	      /* has an Upgrade field */
	bool https;	      /* a trusted proxy says that its client used it */
	enum http_body_kind body;
	uint64_t content_length; /* for HTTP_BODY_LENGTH */
};

/* Which one a name is, in any case; name is not empty. */
enum known_field known_field(struct slice name);

/* The first field of that name (any case), or NULL. */
const struct http_field *http_request_field(const struct http_request *req, struct slice name);

#endif
