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

#ifdef __SSE2__
#include <emmintrin.h>

enum { BLOCK = sizeof(__m128i) };
#endif

enum { METHOD_MIN = 3, METHOD_MAX = 20 };

/* The classes of all bytes, sixteen to a row. */
enum {
	O = 0,
	V = STRICT_VALUE,
	G = STRICT_VALUE | STRICT_TARGET,
	H = STRICT_VALUE | STRICT_TARGET | STRICT_HOST,
	T = STRICT_VALUE | STRICT_TARGET | STRICT_TOKEN,
	N = STRICT_VALUE | STRICT_TARGET | STRICT_HOST | STRICT_TOKEN,
	X = T | STRICT_METHOD,
	U = N | STRICT_METHOD,
};

/* clang-format off */
static const uint8_t class_of[256] = {
	O, O, O, O, O, O, O, O, O, V, O, O, O, O, O, O, /* TAB */
	O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	V, U, G, T, U, U, U, U, H, H, U, U, H, U, U, G, /* SP ! " # $ % & ' ( ) * + , - . / */
	U, U, U, U, U, U, U, U, U, U, G, H, G, H, G, G, /* 0-9 : ; < = > ? */
	G, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, /* @ A-O */
	U, U, U, U, U, U, U, U, U, U, U, G, G, G, X, U, /* P-Z [ \ ] ^ _ */
	X, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, /* ` a-o */
	N, N, N, N, N, N, N, N, N, N, N, G, X, G, U, O, /* p-z { | } ~ DEL */
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

size_t strict_span_bytewise(struct slice s, enum strict_class class)
{
	size_t n = 0;

	while (n < s.len && class_of[(unsigned char)s.base[n]] & class)
		n++;
	return n;
}

#ifdef __SSE2__

/* A rule for all bytes of a block.  What it refuses may be good all the same. */
typedef bool block_rule(__m128i bytes);

static inline bool is_all(__m128i good)
{
	return _mm_movemask_epi8(good) == 0xffff;
}

/* From least to least + count - 1. */
static inline __m128i in_range(__m128i bytes, char least, char count)
{
	__m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(least));

	return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8((char)(count - 1))), offset);
}

/* From least on, without DEL. */
static inline __m128i visible(__m128i bytes, char least)
{
	__m128i good = _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(least)), bytes);

	return _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)), good);
}

static inline bool is_target(__m128i bytes)
{
	return is_all(visible(bytes, '!'));
}

static inline bool is_value(__m128i bytes)
{
	return is_all(
		_mm_or_si128(visible(bytes, ' '), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'))));
}

/* Letters, digits, '-' and '.': what most names are made of. */
static inline bool is_plain(__m128i bytes)
{
	__m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
	__m128i others = _mm_or_si128(in_range(bytes, '0', 10), in_range(bytes, '-', 2));

	return is_all(_mm_or_si128(letters, others));
}

static inline __m128i load(const char *base)
{
	return _mm_loadu_si128((const __m128i *)(const void *)base);
}

static inline __m128i load_half(const char *base)
{
	return _mm_loadl_epi64((const __m128i *)(const void *)base);
}

/* How many bytes at the start of s are good, counted in blocks: the one with a bad byte is
 * not.  The last block may overlap the one before, and so may the halves of a single one; what
 * is shorter is looked at as fast byte by byte. */
static inline size_t span_blocks(struct slice s, block_rule *rule)
{
	size_t n = 0;

	if (s.len < BLOCK / 2)
		return 0;
	if (s.len < BLOCK) {
		__m128i first = load_half(s.base), last = load_half(s.base + s.len - BLOCK / 2);

		return rule(_mm_unpacklo_epi64(first, last)) ? s.len : 0;
	}
	for (; s.len - n >= BLOCK; n += BLOCK)
		if (!rule(load(s.base + n)))
			return n;
	return rule(load(s.base + s.len - BLOCK)) ? s.len : n;
}

size_t strict_span(struct slice s, enum strict_class class)
{
	size_t n = 0;

	if (class == STRICT_VALUE)
		n = span_blocks(s, is_value);
	else if (class == STRICT_TARGET)
		n = span_blocks(s, is_target);
	else if (class == STRICT_TOKEN || class == STRICT_HOST)
		n = span_blocks(s, is_plain);
	if (n == s.len)
		return n;
	return n + strict_span_bytewise(slice_of(s.base + n, s.len - n), class);
}

#else

size_t strict_span(struct slice s, enum strict_class class)
{
	return strict_span_bytewise(s, class);
}

#endif

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HTTP-version of RFC 9112 2.3: one digit on each side, the name in capitals.
 * Another major version that is let through is served as the 1.x nearest to it. */
static enum http_error check_version(struct slice version, bool any, unsigned *minor)
{
	if (version.len != 8 || !slice_starts(version, SLICE("HTTP/")) ||
	    !is_digit(version.base[5]) || version.base[6] != '.' || !is_digit(version.base[7]))
		return HTTP_ERR_VERSION;
	if (version.base[5] == '1')
		*minor = (unsigned)(version.base[7] - '0');
	else if (any)
		*minor = version.base[5] > '1' ? 1 : 0;
	else
		return HTTP_ERR_VERSION_SUPPORT;
	return HTTP_ERR_NONE;
}

enum http_error strict_request_line(struct slice line, const struct http_leniency *lenient,
				    struct http_request *req)
{
	*req = (struct http_request){.line = line};

	bool any = lenient->any_method;
	size_t method = strict_span_bytewise(line, any ? STRICT_TOKEN : STRICT_METHOD);

	if (method == line.len)
		return HTTP_ERR_REQUEST_LINE;
	if (method == 0 || line.base[method] != ' ')
		return HTTP_ERR_METHOD;
	if (!any && (method < METHOD_MIN || method > METHOD_MAX))
		return HTTP_ERR_METHOD;
	req->method = slice_of(line.base, method);

	struct slice rest = slice_of(line.base + method + 1, line.len - method - 1);
	const char *space = memchr(rest.base, ' ', rest.len);

	if (!space || space == rest.base)
		return HTTP_ERR_REQUEST_LINE;
	req->target = slice_of(rest.base, (size_t)(space - rest.base));
	req->version = slice_of(space + 1, rest.len - req->target.len - 1);
	return check_version(req->version, lenient->any_version, &req->minor);
}

enum http_error strict_value(struct slice value)
{
	return strict_span(value, STRICT_VALUE) == value.len ? HTTP_ERR_NONE : HTTP_ERR_FIELD_VALUE;
}

enum http_error strict_field_line(struct slice line, const struct http_leniency *lenient,
				  bool *untidy)
{
	if (strict_is_blank(line.base[0]))
		return HTTP_ERR_FOLDING;

	size_t name = strict_span_bytewise(line, STRICT_TOKEN);
	size_t colon = name;

	if (lenient->name_blanks)
		while (colon < line.len && strict_is_blank(line.base[colon]))
			colon++;
	if (name == 0 || colon == line.len || line.base[colon] != ':')
		return HTTP_ERR_FIELD;
	if (colon > name || strict_is_blank(line.base[line.len - 1]))
		*untidy = true;
	/* What stands before the value would do in one, and whole blocks cost least. */
	return strict_value(line);
}
