/* Response heads.
 *
 * An application's fields are checked and written down as lines at once; no
 * list of them is kept.  A CR or LF that got through would let a client's input
 * write a head of its own, so names have to be tokens and values free of
 * control bytes.  Fields that belong to the connection are dropped, because the
 * connection is ours: RFC 9110 7.6.1, and gunicorn's list of them.
 *
 * response_frame is the one place that decides how the client finds the body's
 * end and whether the connection lives on. */
#include "ucorn/http/response.h"

#include <assert.h>
#include <errno.h>

#include "check.h"
#include "strict.h"
#include "ucorn/http/date.h"

void response_reset(struct response *r)
{
	struct buf lines = r->lines;

	buf_clear(&lines);
	*r = (struct response){.lines = lines};
}

void response_release(struct response *r)
{
	buf_release(&r->lines);
	*r = (struct response){0};
}

/* Three digits from 100 on; 0 if s does not start so. */
static unsigned status_number(struct slice s)
{
	unsigned number = 0;

	if (s.len < 3 || s.base[0] == '0')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (s.base[i] < '0' || s.base[i] > '9')
			return 0;
		number = number * 10 + (unsigned)(s.base[i] - '0');
	}
	return number;
}

enum response_fault response_start(struct response *r, struct slice status)
{
	unsigned number = status_number(status);

	response_reset(r);
	if (number == 0 || (status.len > 3 && status.base[3] != ' ') ||
	    strict_span(status, STRICT_VALUE) != status.len)
		return RESPONSE_BAD_STATUS;
	if (buf_append_slice(&r->lines, status) < 0)
		return RESPONSE_NO_MEMORY;
	r->status_len = status.len;
	r->status = number;
	r->started = true;
	return RESPONSE_OK;
}

enum own_field { OWN_NONE, OWN_DROPPED, OWN_CONNECTION, OWN_UPGRADE, OWN_LENGTH };

/* Names by their length, so that at most two comparisons are made. */
static enum own_field own_field(struct slice name)
{
	switch (name.len) {
	case 2:
		return is_name(name, SLICE("TE")) ? OWN_DROPPED : OWN_NONE;
	case 4:
		return is_name(name, SLICE("Date")) ? OWN_DROPPED : OWN_NONE;
	case 6:
		return is_name(name, SLICE("Server")) ? OWN_DROPPED : OWN_NONE;
	case 7:
		return is_name(name, SLICE("Upgrade")) ? OWN_UPGRADE : OWN_NONE;
	case 8:
		return is_name(name, SLICE("Trailers")) ? OWN_DROPPED : OWN_NONE;
	case 10:
		if (is_name(name, SLICE("Connection")))
			return OWN_CONNECTION;
		return is_name(name, SLICE("Keep-Alive")) ? OWN_DROPPED : OWN_NONE;
	case 14:
		return is_name(name, SLICE("Content-Length")) ? OWN_LENGTH : OWN_NONE;
	case 17:
		return is_name(name, SLICE("Transfer-Encoding")) ? OWN_DROPPED : OWN_NONE;
	case 18:
		return is_name(name, SLICE("Proxy-Authenticate")) ? OWN_DROPPED : OWN_NONE;
	case 19:
		return is_name(name, SLICE("Proxy-Authorization")) ? OWN_DROPPED : OWN_NONE;
	default:
		return OWN_NONE;
	}
}

static char *put(char *at, struct slice s)
{
	memcpy(at, s.base, s.len);
	return at + s.len;
}

static enum response_fault add_line(struct response *r, struct slice name, struct slice value)
{
	if (buf_reserve(&r->lines, name.len + value.len + 4) < 0)
		return RESPONSE_NO_MEMORY;

	char *at = r->lines.base + r->lines.len;

	at = put(at, name);
	at = put(at, SLICE(": "));
	if (value.len > 0)
		at = put(at, value);
	at = put(at, SLICE("\r\n"));
	r->lines.len = (size_t)(at - r->lines.base);
	return RESPONSE_OK;
}

/* A repeated equal length says nothing new and is dropped; two different ones
 * leave no right answer. */
static enum response_fault add_length(struct response *r, struct slice name, struct slice value)
{
	uint64_t length;

	if (r->status < 200)
		return RESPONSE_OK; /* RFC 9110 8.6: not in an interim response */
	if (slice_to_u64(value, &length) < 0 || (r->has_length && length != r->length))
		return RESPONSE_BAD_LENGTH;
	if (r->has_length)
		return RESPONSE_OK;

	enum response_fault fault = add_line(r, name, value);

	if (fault == RESPONSE_OK) {
		r->has_length = true;
		r->length = length;
	}
	return fault;
}

enum response_fault response_field(struct response *r, struct slice name, struct slice value)
{
	assert(r->started);
	if (name.len == 0 || strict_span(name, STRICT_TOKEN) != name.len)
		return RESPONSE_BAD_NAME;
	if (strict_span(value, STRICT_VALUE) != value.len)
		return RESPONSE_BAD_VALUE;
	value = slice_trim(value);

	switch (own_field(name)) {
	case OWN_CONNECTION:
		r->upgrade |= slice_eq_nocase(value, SLICE("upgrade"));
		return RESPONSE_OK;
	case OWN_UPGRADE:
		if (!slice_eq_nocase(value, SLICE("websocket")))
			return RESPONSE_OK;
		return add_line(r, name, value);
	case OWN_LENGTH:
		return add_length(r, name, value);
	case OWN_DROPPED:
		return RESPONSE_OK;
	case OWN_NONE:
		break;
	}
	return add_line(r, name, value);
}

/* A 2xx answer to CONNECT makes the connection a tunnel (RFC 9110 9.3.6), which
 * this server has no use for: it ends with the answer. */
static bool is_tunnel(const struct response *r, const struct http_request *req)
{
	return r->status / 100 == 2 && slice_eq(req->method, SLICE("CONNECT"));
}

/* RFC 9110 8.6: these never have a Content-Length. */
static bool is_without_length(const struct response *r, const struct http_request *req)
{
	return r->status < 200 || r->status == 204 || is_tunnel(r, req);
}

/* Fills framing, and length where the application did not give one. */
static void frame_body(struct response *r, const struct http_request *req, int64_t whole_body)
{
	bool is_bodiless = r->status < 200 || r->status == 204 || r->status == 304;

	if (is_bodiless || req->is_head) {
		r->framing = RESPONSE_NO_BODY;
		/* An empty body under HEAD may just have been left out: it says
		 * nothing of what GET would give (RFC 9110 9.3.2). */
		if (!r->has_length)
			r->length = is_bodiless || whole_body < 0 ? 0 : (uint64_t)whole_body;
	} else if (is_tunnel(r, req)) {
		r->framing = RESPONSE_CLOSE;
	} else if (r->has_length) {
		r->framing = RESPONSE_LENGTH;
	} else if (whole_body >= 0) {
		r->framing = RESPONSE_LENGTH;
		r->length = (uint64_t)whole_body;
	} else {
		r->framing = req->minor >= 1 ? RESPONSE_CHUNKED : RESPONSE_CLOSE;
	}
}

/* After a 1xx the client waits for a final answer: it would take the next
 * request's for it, so nothing may follow. */
void response_frame(struct response *r, const struct http_request *req, int64_t whole_body,
		    bool may_keep)
{
	frame_body(r, req, whole_body);
	r->keep_alive = may_keep && req->keep_alive && r->framing != RESPONSE_CLOSE &&
			!r->upgrade && r->status >= 200;
}

/* Finds the application's line of that name in the lines behind the status. */
static bool find_line(const struct response *r, struct slice name, struct slice *line)
{
	const char *at = r->lines.base + r->status_len;
	const char *end = r->lines.base + r->lines.len;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)(lf + 1 - at);

		if (len > name.len && at[name.len] == ':' &&
		    slice_eq_nocase(slice_of(at, name.len), name)) {
			*line = slice_of(at, len);
			return true;
		}
		at += len;
	}
	return false;
}

bool response_field_value(const struct response *r, struct slice name, struct slice *value)
{
	struct slice line;

	if (!r->started || !find_line(r, name, &line))
		return false;

	size_t before = name.len + 2; /* ": " */

	*value = slice_of(line.base + before, line.len - before - 2);
	return true;
}

bool response_next_field(const struct response *r, size_t *at, struct slice *name,
			 struct slice *value)
{
	const char *line = r->lines.base + r->status_len + *at;
	size_t left = r->lines.len - r->status_len - *at;

	if (!r->started || left == 0)
		return false;

	const char *lf = memchr(line, '\n', left), *colon = memchr(line, ':', left);

	*name = slice_of(line, (size_t)(colon - line));
	*value = slice_of(colon + 2, (size_t)(lf - 1 - (colon + 2)));
	*at += (size_t)(lf + 1 - line);
	return true;
}

int response_server_line(struct buf *line, struct slice name)
{
	if (strict_span(name, STRICT_VALUE) != name.len)
		return -EINVAL;
	if (buf_reserve(line, sizeof("\r\nServer: \r\nDate: ") + name.len) < 0)
		return -ENOMEM;

	char *at = put(line->base + line->len, SLICE("\r\nServer: "));

	at = name.len > 0 ? put(at, name) : at;
	at = put(at, SLICE("\r\nDate: "));
	line->len = (size_t)(at - line->base);
	return 0;
}

static char *put_number(char *at, uint64_t number)
{
	char digits[DIGITS_MAX], *end = digits + sizeof(digits);
	const char *first = digits_before(end, number);

	return put(at, slice_of(first, (size_t)(end - first)));
}

/* The status line's blank has to be there even without a reason (RFC 9112 4). */
static char *put_status_line(char *at, const struct response *r, const struct http_request *req)
{
	at = put(at, req->minor >= 1 ? SLICE("HTTP/1.1 ") : SLICE("HTTP/1.0 "));
	at = put(at, response_status(r));
	return r->status_len == 3 ? put(at, SLICE(" ")) : at;
}

static char *put_connection(char *at, const struct response *r)
{
	if (r->upgrade)
		return put(at, SLICE("\r\nConnection: upgrade\r\n"));
	if (r->keep_alive)
		return put(at, SLICE("\r\nConnection: keep-alive\r\n"));
	return put(at, SLICE("\r\nConnection: close\r\n"));
}

/* The application's lines; RFC 9110 8.6 forbids its Content-Length on some. */
static char *put_lines(char *at, const struct response *r, const struct http_request *req)
{
	struct slice lines = slice_of(r->lines.base + r->status_len, r->lines.len - r->status_len);
	struct slice length;

	if (r->has_length && is_without_length(r, req) &&
	    find_line(r, SLICE("Content-Length"), &length)) {
		size_t before = (size_t)(length.base - lines.base);

		at = put(at, slice_of(lines.base, before));
		lines.base += before + length.len;
		lines.len -= before + length.len;
	}
	return put(at, lines);
}

static bool announces_length(const struct response *r)
{
	return !r->has_length &&
	       (r->framing == RESPONSE_LENGTH || (r->framing == RESPONSE_NO_BODY && r->length > 0));
}

int response_head_write(struct response *r, const struct http_request *req, struct slice server,
			const char *date, struct outq *q)
{
	enum { FIXED_MAX_BYTES = 256 };

	char *start = outq_room(q, r->lines.len + server.len + FIXED_MAX_BYTES);

	assert(r->started && !r->head_sent);
	if (!start)
		return -ENOMEM;

	char *at = put_status_line(start, r, req);

	at = put(at, server);
	at = put(at, slice_of(date, HTTP_DATE_LEN));
	at = put_connection(at, r);
	if (r->framing == RESPONSE_CHUNKED)
		at = put(at, SLICE("Transfer-Encoding: chunked\r\n"));
	at = put_lines(at, r, req);
	if (announces_length(r)) {
		at = put(at, SLICE("Content-Length: "));
		at = put_number(at, r->length);
		at = put(at, SLICE("\r\n"));
	}
	at = put(at, SLICE("\r\n"));
	r->head_sent = true;
	return outq_commit(q, (size_t)(at - start));
}
