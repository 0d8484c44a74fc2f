/* Response heads: what the application gave, checked and serialised in one
 * pass, and the framing of the body, decided in one function.
 *
 * Use: response_start, response_field for each of the application's fields,
 * response_frame when it is known whether the whole body is at hand, then
 * response_head_write. */
#ifndef UCORN_HTTP_RESPONSE_H
#define UCORN_HTTP_RESPONSE_H

#include "ucorn/http/outq.h"
#include "ucorn/http/request.h"
#include "ucorn/util/names.h"

enum response_framing {
	RESPONSE_NO_BODY, /* HEAD, 1xx, 204, 304: body bytes are dropped */
	RESPONSE_LENGTH,  /* Content-Length: more bytes are cut */
	RESPONSE_CHUNKED,
	RESPONSE_CLOSE, /* HTTP/1.0 without a length: ends with the connection */
};

/* Why a status or field of the application was refused. */
enum response_fault {
	RESPONSE_OK,
	RESPONSE_BAD_STATUS, /* not three digits and a space or an end, or with CTLs */
	RESPONSE_BAD_NAME,   /* not a token */
	RESPONSE_BAD_VALUE,  /* with a control byte other than TAB */
	RESPONSE_BAD_LENGTH, /* Content-Length is not digits */
	RESPONSE_NO_MEMORY,
};

struct response {
	struct buf lines;  /* status text, then the application's field lines */
	size_t status_len; /* of the status text at the start of lines */
	unsigned status;   /* its number */
	bool started;	   /* response_start was called */
	bool has_length;   /* the application gave Content-Length (in lines) */
	bool upgrade;	   /* the application answers Connection: upgrade */
	bool keep_alive;   /* decided by response_frame */
	bool head_sent;	   /* response_head_write was called */
	bool excess;	   /* more was to be sent than length */
	enum response_framing framing;
	uint64_t length; /* the announced one, for RESPONSE_LENGTH and HEAD */
	uint64_t sent;	 /* body bytes taken so far, without framing */
};

/* Forgets the response, keeps the memory. */
void response_reset(struct response *r);
void response_release(struct response *r);

/* status as in PEP 3333: "200 OK".  Starts over when called again. */
MUST_CHECK enum response_fault response_start(struct response *r, struct slice status);

/* One field.  Hop-by-hop fields, Server and Date are dropped, as gunicorn does;
 * blanks round the value are dropped. */
MUST_CHECK enum response_fault response_field(struct response *r, struct slice name,
					      struct slice value);

/* Decides framing and persistence (RFC 9112 6.3, 9.3).  whole_body: its length
 * if all of it is at hand, -1 if not.  may_keep: the server would keep the
 * connection.  Fills framing, length and keep_alive. */
void response_frame(struct response *r, const struct http_request *req, int64_t whole_body,
		    bool may_keep);

/* What stands between a head's status line and its date, as the server calls itself
 * unless told otherwise. */
#define RESPONSE_SERVER_LINE SLICE("\r\nServer: " NAME_SERVER "\r\nDate: ")

/* Appends the same with another name to line: 0, -ENOMEM, or -EINVAL if no field may
 * have that value (RFC 9110 5.5). */
MUST_CHECK int response_server_line(struct buf *line, struct slice name);

/* Queues the head: status line, Server, Date, Connection, Transfer-Encoding,
 * then the application's fields.  server: a server line; date: 29 bytes.  0 or
 * -ENOMEM. */
MUST_CHECK int response_head_write(struct response *r, const struct http_request *req,
				   struct slice server, const char *date, struct outq *q);

/* The response's status text, "200 OK". */
static inline struct slice response_status(const struct response *r)
{
	return slice_of(r->lines.base, r->status_len);
}

/* The application's fields one after the other; *at is 0 before the first.  False
 * behind the last. */
bool response_next_field(const struct response *r, size_t *at, struct slice *name,
			 struct slice *value);

/* The value of the application's field of that name (any case), as it goes
 * out; false if there is none. */
bool response_field_value(const struct response *r, struct slice name, struct slice *value);

#endif
