/* Reads request heads: finds lines, has them checked, parses the complete head.
 *
 * A line is checked when its LF has come, once, and no byte is searched twice:
 * a client that sends single bytes costs no more than one that sends all at
 * once.  Limits hold for a line that has no end yet, too.  The verdict does not
 * depend on how the bytes were cut.
 *
 * http-parser is not given the request line but a constant one.  It knows a
 * closed list of methods, while any token is one (RFC 9110 9.1), and it would
 * parse the target a second time; method, target and version come from the line
 * that strict.c checked.  As that line is always the same, a parser that has read it
 * is copied.  Then it gets all field lines of the complete head, but for the
 * insides of long values, which strict.c has checked and which say nothing to it; names
 * and values point into the bytes of the caller.  It is paused behind the head and never
 * sees a body.
 *
 * What strict.c has passed, http-parser should pass; should it refuse a head
 * after all, the request is refused.  What it is known to refuse, or to take only
 * where it was built non-strict, is kept from it: the field lines of such a head
 * are tidied in a copy first.  These are folded lines and blanks before a colon,
 * where settings let them through, and a TAB behind the digits of Content-Length. */
#include "ucorn/http/reader.h"

#include <http_parser.h>

#include "check.h"
#include "strict.h"
#include "ucorn/http/body.h"
#include "ucorn/http/target.h"

enum {
	LINE_MAX_BYTES = 8190,
	FIELDS_MAX = 32768,
	TLS_HANDSHAKE = 0x16,
	LONG_VALUE_BYTES = 32, /* from here on parsing costs more than not doing it */
};

static size_t or_default(size_t limit, size_t if_zero)
{
	return limit > 0 ? limit : if_zero;
}

/* Searches the next line: raw gets what there is of it behind the last checked
 * line, without the LF but with the CR.  False if its end has not come. */
static bool find_line(struct http_reader *r, struct slice bytes, struct slice *raw)
{
	const char *lf = NULL;

	if (r->scanned < bytes.len)
		lf = memchr(bytes.base + r->scanned, '\n', bytes.len - r->scanned);

	size_t end = lf ? (size_t)(lf - bytes.base) : bytes.len;

	*raw = slice_of(bytes.base + r->checked, end - r->checked);
	r->scanned = lf ? end + 1 : end;
	return lf != NULL;
}

/* Obsolete folding (RFC 9112 5.2), where it is permitted; never before a field. */
static bool is_continuation(const struct http_reader *r, struct slice raw)
{
	return r->limits->lenient.folding && r->lines > 1 && raw.len > 0 &&
	       strict_is_blank(raw.base[0]);
}

static enum http_error check_request_line_start(struct slice raw, size_t max)
{
	/* No method begins so, but every TLS connection does (RFC 8446 5.1). */
	if (raw.len > 0 && raw.base[0] == TLS_HANDSHAKE)
		return HTTP_ERR_TLS;
	return raw.len > max + 1 ? HTTP_ERR_LINE_LIMIT : HTTP_ERR_NONE;
}

/* What can be said of a line before its end has come.  The same answer for a line
 * that goes on and for its complete self: so raw may be one byte over the limit,
 * the CR. */
static enum http_error check_start(const struct http_reader *r, struct slice raw)
{
	const struct http_limits *limits = r->limits;

	if (r->lines == 0)
		return check_request_line_start(
			raw, or_default(limits->line, or_default(limits->head, LINE_MAX_BYTES)));

	bool is_empty = raw.len == 0 || raw.base[0] == '\r';
	size_t start = r->checked;

	if (is_continuation(r, raw))
		start = r->field_start;
	else if (!is_empty && r->lines > or_default(limits->fields, FIELDS_MAX))
		return HTTP_ERR_FIELDS_LIMIT;
	size_t field_end = start + or_default(limits->field_bytes, LINE_MAX_BYTES);
	size_t head_end = limits->head > 0 ? r->skipped + limits->head : SIZE_MAX;

	/* Of two limits the one that is reached first counts, however the bytes come. */
	if (r->checked + raw.len + 1 > field_end && field_end <= head_end)
		return HTTP_ERR_FIELD_LIMIT;
	if (r->scanned > head_end)
		return HTTP_ERR_HEAD_LIMIT;
	return HTTP_ERR_NONE;
}

/* *method in capitals, in a copy if that takes one. */
static enum http_error casefold(struct slice *method, struct arena *arena)
{
	char *copy = arena_alloc(arena, method->len);

	if (!copy)
		return HTTP_ERR_SPOOL;
	for (size_t i = 0; i < method->len; i++) {
		char c = method->base[i];

		copy[i] = c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
	}
	*method = slice_of(copy, method->len);
	return HTTP_ERR_NONE;
}

static enum http_error parse_request_line(const struct http_reader *r, struct slice line,
					  struct http_request *req)
{
	const struct http_leniency *lenient = &r->limits->lenient;
	enum http_error error = strict_request_line(line, lenient, req);

	if (error == HTTP_ERR_NONE && lenient->casefold_method)
		error = casefold(&req->method, r->arena);
	if (error != HTTP_ERR_NONE)
		return error;
	req->is_head = slice_eq(req->method, SLICE("HEAD"));
	return http_target_split(req);
}

/* RFC 9112 2.2: empty lines before a request line are ignored, since old clients
 * send one behind a body. */
static enum http_error check_line(struct http_reader *r, struct slice raw, struct http_request *req)
{
	if (raw.len == 0 || raw.base[raw.len - 1] != '\r')
		return HTTP_ERR_LINE_END;

	struct slice line = slice_of(raw.base, raw.len - 1);
	enum http_error error;

	if (line.len == 0)
		return HTTP_ERR_NONE;
	if (r->lines == 0)
		error = parse_request_line(r, line, req);
	else if (is_continuation(r, raw))
		error = strict_value(line);
	else
		error = strict_field_line(line, &r->limits->lenient, &r->untidy);
	if (error != HTTP_ERR_NONE && memchr(line.base, '\r', line.len))
		return HTTP_ERR_LINE_END;
	return error;
}

struct delivery {
	struct http_request *req;
	size_t room; /* fields allocated */
};

static int on_field(http_parser *parser, const char *at, size_t len)
{
	struct delivery *d = parser->data;

	if (d->req->n_fields == d->room)
		return -1;

	struct slice name = slice_of(at, len);

	d->req->fields[d->req->n_fields++] =
		(struct http_field){.name = name, .known = known_field(name)};
	return 0;
}

/* One that was cut comes as its first byte, and as nothing at its end.  http-parser has skipped
 * the blanks in front; behind it are none but in a tidied head. */
static int on_value(http_parser *parser, const char *at, size_t len)
{
	const struct delivery *d = parser->data;
	struct slice *value = &d->req->fields[d->req->n_fields - 1].value;

	if (!value->base)
		value->base = at;
	value->len = (size_t)(at + len - value->base);
	return 0;
}

static int on_head_complete(http_parser *parser)
{
	http_parser_pause(parser, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head_complete,
};

/* Why http-parser refused what strict.c had passed.  Of the fields' meanings it
 * knows only those that frame the body; body.c's verdict on what was delivered
 * up to there comes first, being the more exact one. */
static enum http_error refusal(enum http_errno why, struct http_request *req)
{
	enum http_error error = HTTP_ERR_FIELD;

	if (why == HPE_UNEXPECTED_CONTENT_LENGTH || why == HPE_INVALID_CONTENT_LENGTH ||
	    why == HPE_INVALID_TRANSFER_ENCODING) {
		error = http_body_framing(req);
		if (error == HTTP_ERR_NONE)
			error = HTTP_ERR_CONTENT_LENGTH;
	}
	return error;
}

/* A parser that has read a request line.  It has a limit of its own, which would be a
 * second rule, and would look at each byte of a value once more: strict.c has done so. */
static http_parser begun_parser(void)
{
	static const char request_line[] = "GET / HTTP/1.1\r\n";
	http_parser parser;

	http_parser_set_max_header_size(UINT32_MAX);
	http_parser_init(&parser, HTTP_REQUEST);
	parser.lenient_http_headers = 1;
	http_parser_execute(&parser, &settings, request_line, sizeof(request_line) - 1);
	return parser;
}

/* Cuts a whole line off lines: without its CRLF. */
static struct slice cut_line(struct slice *lines)
{
	const char *lf = memchr(lines->base, '\n', lines->len);
	size_t used = (size_t)(lf - lines->base) + 1;
	struct slice line = slice_of(lines->base, used - 2);

	*lines = slice_of(lines->base + used, lines->len - used);
	return line;
}

/* What http-parser need not see of a field line: a long value but for its first byte, if the
 * field is none of those that frame a body. */
static struct slice inside_of_value(struct slice line)
{
	const char *colon = memchr(line.base, ':', line.len);
	struct slice name = slice_of(line.base, (size_t)(colon - line.base));
	struct slice value = slice_trim(slice_of(colon + 1, line.len - name.len - 1));

	if (value.len < LONG_VALUE_BYTES || known_field(name) != FIELD_OTHER)
		return slice_of(NULL, 0);
	return slice_of(value.base + 1, value.len - 1);
}

/* Gives the parser the field lines without the insides of long values: of those it would
 * look at each byte only to find the end, which is known. */
static void parse_lines(http_parser *parser, struct slice lines)
{
	const char *given = lines.base, *end = lines.base + lines.len;

	while (lines.len > LONG_VALUE_BYTES) {
		struct slice line = cut_line(&lines), inside = {NULL, 0};

		if (line.len > LONG_VALUE_BYTES)
			inside = inside_of_value(line);
		if (!inside.base)
			continue;
		http_parser_execute(parser, &settings, given, (size_t)(inside.base - given));
		given = inside.base + inside.len;
	}
	http_parser_execute(parser, &settings, given, (size_t)(end - given));
}

/* fields: all field lines and the empty line. */
static enum http_error parse_fields(struct slice fields, size_t lines, struct http_request *req)
{
	static _Thread_local bool has_begun;
	static _Thread_local http_parser begun; /* always the same: made once */
	struct delivery d = {.req = req, .room = lines};

	if (!has_begun) {
		begun = begun_parser();
		has_begun = true;
	}

	http_parser parser = begun;

	parser.data = &d;
	parse_lines(&parser, fields);

	enum http_errno why = HTTP_PARSER_ERRNO(&parser);

	if (why != HPE_PAUSED)
		return refusal(why, req);
	return req->n_fields == lines ? HTTP_ERR_NONE : HTTP_ERR_FIELD;
}

static char *put(char *at, struct slice s)
{
	if (s.len > 0)
		memcpy(at, s.base, s.len);
	return at + s.len;
}

/* A copy of checked field lines and the empty line in the arena, as http-parser
 * wants them: a continuation joined to its field by one blank, no blank before a
 * colon or at the end.  Nothing gets longer by that.  A NULL base: no memory. */
static struct slice tidy_fields(struct arena *arena, struct slice lines)
{
	char *copy = arena_alloc(arena, lines.len);
	char *at = copy;

	if (!copy)
		return slice_of(NULL, 0);
	while (lines.len > 0) {
		struct slice line = cut_line(&lines);

		if (line.len > 0 && strict_is_blank(line.base[0])) {
			at -= 2; /* over the CRLF of the line that it continues */
			*at++ = ' ';
		} else if (line.len > 0) {
			struct slice name = slice_of(line.base, strict_span(line, STRICT_TOKEN));
			const char *colon = memchr(line.base, ':', line.len);

			at = put(put(at, name), SLICE(":"));
			line = slice_of(colon + 1, (size_t)(line.base + line.len - colon) - 1);
		}
		at = put(put(at, slice_trim(line)), SLICE("\r\n"));
	}
	return slice_of(copy, (size_t)(at - copy));
}

/* The head is complete and all of its lines are good. */
static enum http_error parse_head(const struct http_reader *r, struct slice bytes,
				  struct http_request *req)
{
	size_t lines = r->lines - 1;
	size_t start = r->skipped + req->line.len + 2;

	req->fields = arena_alloc(r->arena, lines * sizeof(*req->fields));
	if (!req->fields)
		return HTTP_ERR_SPOOL;

	struct slice fields = slice_of(bytes.base + start, r->checked - start);

	if (r->untidy)
		fields = tidy_fields(r->arena, fields);
	if (!fields.base)
		return HTTP_ERR_SPOOL;

	enum http_error error = parse_fields(fields, lines, req);

	/* A continuation that was empty has left its blank. */
	for (size_t i = 0; r->untidy && i < req->n_fields; i++)
		req->fields[i].value = slice_trim(req->fields[i].value);
	return error != HTTP_ERR_NONE ? error : http_request_check(req);
}

/* The request line was checked in an earlier call; since then the bytes may
 * have moved. */
static enum http_error find_request_line(const struct http_reader *r, struct slice bytes,
					 struct http_request *req)
{
	const char *line = bytes.base + r->skipped;
	const char *cr = memchr(line, '\r', r->checked - r->skipped);

	return parse_request_line(r, slice_of(line, (size_t)(cr - line)), req);
}

/* A line that is not empty has been checked: it becomes a part of the head. */
static void count_line(struct http_reader *r, struct slice raw)
{
	if (is_continuation(r, raw)) {
		r->untidy = true;
	} else {
		r->field_start = r->checked;
		r->lines++;
	}
}

/* Checks line by line what has not been checked yet.  True when the head is
 * complete; r->error when it is bad. */
static bool check_lines(struct http_reader *r, struct slice bytes, struct http_request *req)
{
	struct slice raw;

	while (find_line(r, bytes, &raw)) {
		r->error = check_start(r, raw);
		if (r->error == HTTP_ERR_NONE)
			r->error = check_line(r, raw, req);
		if (r->error != HTTP_ERR_NONE)
			return false;
		if (raw.len > 1)
			count_line(r, raw);
		else if (r->lines == 0)
			r->skipped = r->scanned;
		r->checked = r->scanned;
		if (raw.len == 1 && r->lines > 0)
			return true;
	}
	r->error = check_start(r, raw);
	return false;
}

enum http_read http_reader_feed(struct http_reader *r, struct slice bytes, struct http_request *req)
{
	bool req_is_stale = r->lines > 0;

	if (!check_lines(r, bytes, req))
		return r->error == HTTP_ERR_NONE ? HTTP_READ_MORE : HTTP_READ_BAD;
	if (req_is_stale)
		r->error = find_request_line(r, bytes, req);
	if (r->error == HTTP_ERR_NONE)
		r->error = parse_head(r, bytes, req);
	r->head_len = r->checked;
	return r->error == HTTP_ERR_NONE ? HTTP_READ_HEAD : HTTP_READ_BAD;
}
