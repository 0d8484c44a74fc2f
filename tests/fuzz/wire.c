/* The second reading of HTTP: see wire.h.  Whatever a strict client could mind in
 * our responses is malformed here. */
#include "wire.h"

static void skip(struct slice *s, size_t n)
{
	s->base += n;
	s->len -= n;
}

/* Up to the next CRLF, which is skipped. */
static enum wire_end take_line(struct slice *wire, struct slice *line)
{
	const char *end = memmem(wire->base, wire->len, "\r\n", 2);

	if (!end)
		return WIRE_CUT;
	*line = slice_of(wire->base, (size_t)(end - wire->base));
	skip(wire, line->len + 2);
	if (memchr(line->base, '\n', line->len) || memchr(line->base, '\r', line->len) ||
	    memchr(line->base, '\0', line->len))
		return WIRE_MALFORMED;
	return WIRE_COMPLETE;
}

/* Digits of that base at the start of s; how many. */
static size_t number(struct slice s, unsigned base, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t n = 0;

	*value = 0;
	for (; n < s.len; n++) {
		const char *digit = memchr(digits, s.base[n], sizeof(digits) - 1);

		if (!digit || (size_t)(digit - digits) % 16 >= base)
			break;
		*value = *value * base + (size_t)(digit - digits) % 16;
	}
	return n;
}

static enum wire_end take_trailers(struct slice *wire)
{
	struct slice line;
	enum wire_end end;

	do
		end = take_line(wire, &line);
	while (end == WIRE_COMPLETE && line.len > 0);
	return end;
}

enum wire_end wire_chunked(struct slice *wire, struct buf *data)
{
	for (;;) {
		struct slice line;
		enum wire_end end = take_line(wire, &line);
		uint64_t size;

		if (end != WIRE_COMPLETE)
			return end;
		if (number(line, 16, &size) == 0)
			return WIRE_MALFORMED;
		if (size == 0)
			return take_trailers(wire);
		if (wire->len < 2 || size > wire->len - 2)
			return WIRE_CUT;
		if (memcmp(wire->base + size, "\r\n", 2) != 0 ||
		    buf_append(data, wire->base, (size_t)size) < 0)
			return WIRE_MALFORMED;
		skip(wire, (size_t)size + 2);
	}
}

/* ---- responses */

struct head {
	unsigned lengths, codings, connections;
	uint64_t length;
	bool close;
};

static bool is_visible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.base[i] < ' ' && s.base[i] != '\t')
			return false;
	return true;
}

static bool read_status_line(struct slice line, struct wire_response *r)
{
	uint64_t status;

	if (!slice_starts(line, SLICE("HTTP/1.1 ")) && !slice_starts(line, SLICE("HTTP/1.0 ")))
		return false;
	skip(&line, strlen("HTTP/1.1 "));
	if (number(line, 10, &status) != 3 || line.len < 4 || line.base[3] != ' ')
		return false;
	r->status = (unsigned)status;
	return status >= 100 && is_visible(line);
}

static bool read_field(struct slice line, struct head *h)
{
	const char *colon = memchr(line.base, ':', line.len);
	struct slice name, value;

	if (!colon || !is_visible(line))
		return false;
	name = slice_of(line.base, (size_t)(colon - line.base));
	value = slice_trim(slice_of(colon + 1, line.len - name.len - 1));
	if (name.len == 0 || memchr(name.base, ' ', name.len) || memchr(name.base, '\t', name.len))
		return false;
	if (slice_eq_nocase(name, SLICE("Content-Length"))) {
		h->lengths++;
		return number(value, 10, &h->length) == value.len && value.len > 0;
	}
	if (slice_eq_nocase(name, SLICE("Transfer-Encoding"))) {
		h->codings++;
		return slice_eq(value, SLICE("chunked"));
	}
	if (slice_eq_nocase(name, SLICE("Connection"))) {
		h->connections++;
		h->close = slice_eq(value, SLICE("close"));
		return h->close || slice_eq(value, SLICE("keep-alive"));
	}
	return true;
}

static enum wire_end read_head(struct slice *wire, struct wire_response *r, struct head *h)
{
	struct slice line;
	enum wire_end end = take_line(wire, &line);

	if (end == WIRE_COMPLETE && !read_status_line(line, r))
		return WIRE_MALFORMED;
	while (end == WIRE_COMPLETE) {
		end = take_line(wire, &line);
		if (end != WIRE_COMPLETE || line.len == 0)
			break;
		if (!read_field(line, h))
			return WIRE_MALFORMED;
	}
	return end;
}

/* RFC 9112 6.3, as a client reads it. */
static enum wire_end read_body(struct slice *wire, enum wire_body expected, struct wire_response *r,
			       const struct head *h)
{
	bool is_bodiless = r->status < 200 || r->status == 204 || r->status == 304;
	struct buf data = {0};
	enum wire_end end;

	if (h->lengths + h->codings > 1)
		return WIRE_MALFORMED;
	if (is_bodiless || expected == WIRE_NO_BODY ||
	    (expected == WIRE_MAYBE_BODY && wire->len == 0))
		return WIRE_COMPLETE;
	if (h->codings > 0) {
		end = wire_chunked(wire, &data);
		buf_release(&data);
		return end;
	}
	if (h->lengths == 0) {
		r->is_last = true;
		skip(wire, wire->len);
		return h->close ? WIRE_COMPLETE : WIRE_MALFORMED;
	}
	if (h->length > wire->len)
		return WIRE_CUT;
	skip(wire, (size_t)h->length);
	return WIRE_COMPLETE;
}

enum wire_end wire_response(struct slice *wire, enum wire_body expected, struct wire_response *r)
{
	const char *start = wire->base;
	struct head h = {0};
	enum wire_end end;

	*r = (struct wire_response){0};
	end = read_head(wire, r, &h);
	r->head = slice_of(start, (size_t)(wire->base - start));
	if (end != WIRE_COMPLETE)
		return end;
	/* Every final answer says whether the connection goes on. */
	if (h.connections != (r->status >= 200 ? 1 : 0))
		return WIRE_MALFORMED;
	r->is_last = h.close;
	r->is_chunked = h.codings > 0;
	end = read_body(wire, expected, r, &h);
	r->body = slice_of(r->head.base + r->head.len,
			   (size_t)(wire->base - r->head.base) - r->head.len);
	return end;
}
