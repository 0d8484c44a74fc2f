/* The raw check of request heads.
 *
 * http-parser is lenient, the more so as distributions build it non-strict: it
 * takes a bare LF as a line end, blanks in field names, folded lines, and any
 * byte behind CR as the end of the head.  Each of these lets two servers in a
 * chain disagree on where a request ends.  So every line is checked here first,
 * and what passes is read in one way only.
 *
 * Line ends and limits are the reader's business; this file judges one line. */
#include "strict.h"

/* The classes of all bytes, sixteen to a row. */
enum {
	O = 0,
	V = STRICT_VALUE,
	G = STRICT_VALUE | STRICT_TARGET,
	H = STRICT_VALUE | STRICT_TARGET | STRICT_HOST,
	T = STRICT_VALUE | STRICT_TARGET | STRICT_TOKEN,
	N = STRICT_VALUE | STRICT_TARGET | STRICT_HOST | STRICT_TOKEN,
};

/* clang-format off */
static const uint8_t class_of[256] = {
	O, O, O, O, O, O, O, O, O, V, O, O, O, O, O, O, /* TAB */
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	V, N, G, T, N, N, N, N, H, H, N, N, H, N, N, G, /* SP ! " # $ % & ' ( ) * + , - . / */
	N, N, N, N, N, N, N, N, N, N, G, H, G, H, G, G, /* 0-9 : ; < = > ? */
	G, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, /* @ A-O */
	N, N, N, N, N, N, N, N, N, N, N, G, G, G, T, N, /* P-Z [ \ ] ^ _ */
	T, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, /* ` a-o */
	N, N, N, N, N, N, N, N, N, N, N, G, T, G, N, O, /* p-z { | } ~ DEL */
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
	G, G, G, G, G, G, G, G, G, G, G, G, G, G, G, G,
};
/* clang-format on */

size_t strict_span(struct slice s, enum strict_class class)
{
	size_t n = 0;

	while (n < s.len && class_of[(unsigned char)s.base[n]] & class)
		n++;
	return n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HTTP-version of RFC 9112 2.3: one digit on each side, the name in capitals. */
static enum http_error check_version(struct slice version, unsigned *minor)
{
	if (version.len != 8 || !slice_starts(version, SLICE("HTTP/")) ||
	    !is_digit(version.base[5]) || version.base[6] != '.' || !is_digit(version.base[7]))
		return HTTP_ERR_VERSION;
	if (version.base[5] != '1')
		return HTTP_ERR_VERSION_SUPPORT;
	*minor = (unsigned)(version.base[7] - '0');
	return HTTP_ERR_NONE;
}

enum http_error strict_request_line(struct slice line, struct http_request *req)
{
	*req = (struct http_request){.line = line};

	size_t method = strict_span(line, STRICT_TOKEN);

	if (method == line.len)
		return HTTP_ERR_REQUEST_LINE;
	if (method == 0 || line.base[method] != ' ')
		return HTTP_ERR_METHOD;
	req->method = slice_of(line.base, method);

	struct slice rest = slice_of(line.base + method + 1, line.len - method - 1);
	const char *space = memchr(rest.base, ' ', rest.len);

	if (!space || space == rest.base)
		return HTTP_ERR_REQUEST_LINE;
	req->target = slice_of(rest.base, (size_t)(space - rest.base));
	req->version = slice_of(space + 1, rest.len - req->target.len - 1);
	req->is_head = slice_eq(req->method, SLICE("HEAD"));
	return check_version(req->version, &req->minor);
}

enum http_error strict_field_line(struct slice line)
{
	if (line.base[0] == ' ' || line.base[0] == '\t')
		return HTTP_ERR_FOLDING;

	size_t name = strict_span(line, STRICT_TOKEN);

	if (name == 0 || name == line.len || line.base[name] != ':')
		return HTTP_ERR_FIELD;

	struct slice value = slice_of(line.base + name + 1, line.len - name - 1);

	return strict_span(value, STRICT_VALUE) == value.len ? HTTP_ERR_NONE : HTTP_ERR_FIELD_VALUE;
}
