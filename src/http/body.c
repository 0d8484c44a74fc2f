/* Where a request's body ends: the one decision, and the decoder that obeys it.
 *
 * All of RFC 9112 6.3's ambiguous cases are refused: two answers to this
 * question, given by two servers in a chain, are request smuggling.  Of transfer
 * codings only a single `chunked` is understood.
 *
 * The decoder takes what RFC 9112 7.1 generates and nothing else: CRLF only, no
 * sign or blank in a size, no control byte in an extension.  It allocates
 * nothing; data is given out in place.  Extensions and trailer fields are
 * checked, bounded and dropped: nothing in WSGI could receive them, and a
 * trailer must never be taken for a field of the head.  One that would be
 * dangerous there is refused, since somebody in the chain may do just that. */
#include "ucorn/http/body.h"

#include "check.h"
#include "strict.h"

enum { CHUNK_LINE_MAX_BYTES = 4096, TRAILER_MAX_BYTES = 8192, SIZE_MAX_DIGITS = 16 };

/* Codings named by all Transfer-Encoding fields together. */
struct codings {
	unsigned fields;
	bool chunked, others, misplaced; /* misplaced: something follows chunked */
	bool is_plain;			 /* the value is `chunked`, nothing else */
};

static void add_codings(struct codings *c, struct slice value)
{
	struct slice coding;

	c->fields++;
	c->is_plain = slice_eq_nocase(value, SLICE("chunked"));
	c->others |= value.len == 0;
	while (slice_next_element(&value, &coding)) {
		c->misplaced |= c->chunked;
		if (slice_eq_nocase(coding, SLICE("chunked")))
			c->chunked = true;
		else
			c->others = true;
	}
}

/* RFC 9112 6.1: chunked comes last and once, HTTP/1.0 does not have it, and a
 * Content-Length beside it is an attempt at smuggling. */
static enum http_error judge_codings(const struct codings *c, unsigned minor, unsigned lengths)
{
	if (c->misplaced)
		return HTTP_ERR_TRANSFER_ENCODING;
	if (c->others)
		return HTTP_ERR_CODING;
	if (c->fields > 1 || !c->is_plain || minor == 0 || lengths > 0)
		return HTTP_ERR_TRANSFER_ENCODING;
	return HTTP_ERR_NONE;
}

enum http_error http_body_framing(struct http_request *req)
{
	struct codings codings = {0};
	unsigned lengths = 0;
	bool length_is_bad = false;

	for (size_t i = 0; i < req->n_fields; i++) {
		enum known_field known = req->fields[i].known;

		if (known == FIELD_TRANSFER_ENCODING) {
			add_codings(&codings, req->fields[i].value);
		} else if (known == FIELD_CONTENT_LENGTH) {
			lengths++;
			if (slice_to_u64(req->fields[i].value, &req->content_length) < 0)
				length_is_bad = true;
		}
	}

	req->body = HTTP_BODY_NONE;
	if (codings.fields > 0) {
		req->body = HTTP_BODY_CHUNKED;
		return judge_codings(&codings, req->minor, lengths);
	}
	if (lengths > 1 || length_is_bad)
		return HTTP_ERR_CONTENT_LENGTH;
	if (lengths == 1)
		req->body = HTTP_BODY_LENGTH;
	return HTTP_ERR_NONE;
}

enum state {
	LENGTH_DATA,
	CHUNK_DATA,
	SIZE_FIRST, /* at least one digit has to come */
	SIZE,
	SIZE_BLANK, /* behind the digits; only ';' may follow */
	EXTENSION,
	SIZE_LF,
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST, /* first byte of a trailer line */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	DONE,
	BROKEN,
	FORBIDDEN, /* a trailer of that name */
	TOO_LARGE,
};

/* RFC 9110 6.5.1: fields for framing, routing and authentication.  In small
 * letters; a row's number is its bit in http_body.matching. */
static const struct slice forbidden_trailers[] = {
	{"host", 4},	{"content-length", 14}, {"transfer-encoding", 17},
	{"trailer", 7}, {"authorization", 13},	{"te", 2},
};

void http_body_init(struct http_body *b, const struct http_request *req, uint64_t limit)
{
	*b = (struct http_body){.limit = limit, .state = DONE};
	if (req->body == HTTP_BODY_CHUNKED) {
		b->chunked = true;
		b->state = SIZE_FIRST;
	} else if (req->body == HTTP_BODY_LENGTH) {
		b->left = req->content_length;
		b->state = limit > 0 && b->left > limit ? TOO_LARGE : LENGTH_DATA;
	}
}

static bool is_in_class(char c, enum strict_class class)
{
	return strict_span(slice_of(&c, 1), class) == 1;
}

static enum state add_digit(struct http_body *b, char c)
{
	unsigned digit;

	if (c >= '0' && c <= '9')
		digit = (unsigned)(c - '0');
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		digit = (unsigned)((c | 0x20) - 'a' + 10);
	else
		return BROKEN;
	if (b->overhead > SIZE_MAX_DIGITS)
		return BROKEN;
	b->left = b->left << 4 | digit;
	return SIZE;
}

static enum state end_of_size(struct http_body *b)
{
	if (b->left > (uint64_t)INT64_MAX)
		return BROKEN;
	if (b->limit > 0 && b->left > b->limit - b->received)
		return TOO_LARGE;
	b->overhead = 0;
	return b->left > 0 ? CHUNK_DATA : TRAILER_FIRST;
}

/* chunk-size [ chunk-ext ] CRLF.  BWS is allowed before an extension only, so
 * that `5 5` is no size. */
static enum state chunk_line_byte(struct http_body *b, char c)
{
	if (++b->overhead > CHUNK_LINE_MAX_BYTES)
		return BROKEN;
	switch ((enum state)b->state) {
	case SIZE:
	case SIZE_BLANK:
		if (c == ';')
			return EXTENSION;
		if (c == ' ' || c == '\t')
			return SIZE_BLANK;
		if (b->state == SIZE)
			return c == '\r' ? SIZE_LF : add_digit(b, c);
		return BROKEN;
	case EXTENSION:
		if (c == '\r')
			return SIZE_LF;
		return is_in_class(c, STRICT_VALUE) ? EXTENSION : BROKEN;
	case SIZE_LF:
		return c == '\n' ? end_of_size(b) : BROKEN;
	default: /* SIZE_FIRST */
		return add_digit(b, c);
	}
}

/* The names are matched as their bytes come, so none has to be kept. */
static enum state trailer_name_byte(struct http_body *b, char c)
{
	if (!is_in_class(c, STRICT_TOKEN))
		return BROKEN;
	if (b->state == TRAILER_FIRST) {
		b->matching = (1U << ARRAY_LEN(forbidden_trailers)) - 1;
		b->name_len = 0;
	}
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 0x20);
	for (size_t i = 0; b->matching && i < ARRAY_LEN(forbidden_trailers); i++) {
		const struct slice *name = &forbidden_trailers[i];

		if (b->name_len >= name->len || name->base[b->name_len] != c)
			b->matching &= (uint8_t) ~(1U << i);
	}
	if (b->matching)
		b->name_len++;
	return TRAILER_NAME;
}

static enum state end_of_trailer_name(const struct http_body *b)
{
	for (size_t i = 0; i < ARRAY_LEN(forbidden_trailers); i++)
		if ((b->matching & 1U << i) && b->name_len == forbidden_trailers[i].len)
			return FORBIDDEN;
	return TRAILER_VALUE;
}

/* *( field-line CRLF ) CRLF */
static enum state trailer_byte(struct http_body *b, char c)
{
	if (++b->overhead > TRAILER_MAX_BYTES)
		return BROKEN;
	switch ((enum state)b->state) {
	case TRAILER_FIRST:
		if (c == '\r')
			return LAST_LF;
		return trailer_name_byte(b, c);
	case TRAILER_NAME:
		return c == ':' ? end_of_trailer_name(b) : trailer_name_byte(b, c);
	case TRAILER_VALUE:
		if (c == '\r')
			return TRAILER_LF;
		return is_in_class(c, STRICT_VALUE) ? TRAILER_VALUE : BROKEN;
	case TRAILER_LF:
		return c == '\n' ? TRAILER_FIRST : BROKEN;
	default: /* LAST_LF */
		return c == '\n' ? DONE : BROKEN;
	}
}

static enum state framing_byte(struct http_body *b, char c)
{
	switch ((enum state)b->state) {
	case DATA_CR:
		return c == '\r' ? DATA_LF : BROKEN;
	case DATA_LF:
		return c == '\n' ? SIZE_FIRST : BROKEN;
	case TRAILER_FIRST:
	case TRAILER_NAME:
	case TRAILER_VALUE:
	case TRAILER_LF:
	case LAST_LF:
		return trailer_byte(b, c);
	default:
		return chunk_line_byte(b, c);
	}
}

static struct slice take_data(struct http_body *b, struct slice in, size_t *used)
{
	size_t len = in.len - *used;

	if (len > b->left)
		len = (size_t)b->left;

	struct slice data = slice_of(in.base + *used, len);

	*used += len;
	b->left -= len;
	b->received += len;
	return data;
}

enum http_body_step http_body_decode(struct http_body *b, struct slice in, size_t *used,
				     struct slice *data, enum http_error *error)
{
	*used = 0;
	for (;;) {
		switch ((enum state)b->state) {
		case DONE:
			return HTTP_BODY_END;
		case BROKEN:
			*error = HTTP_ERR_CHUNK;
			return HTTP_BODY_BAD;
		case FORBIDDEN:
			*error = HTTP_ERR_TRAILER;
			return HTTP_BODY_BAD;
		case TOO_LARGE:
			*error = HTTP_ERR_BODY_LIMIT;
			return HTTP_BODY_BAD;
		case LENGTH_DATA:
		case CHUNK_DATA:
			if (b->left == 0) {
				b->state = b->chunked ? DATA_CR : DONE;
				break;
			}
			if (*used == in.len)
				return HTTP_BODY_MORE;
			*data = take_data(b, in, used);
			return HTTP_BODY_DATA;
		default:
			if (*used == in.len)
				return HTTP_BODY_MORE;
			b->state = (uint8_t)framing_byte(b, in.base[(*used)++]);
		}
	}
}
