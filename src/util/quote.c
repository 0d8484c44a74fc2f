/* Quoting of what clients send.
 *
 * A C1 control is one character in UTF-8 (C2 80 to C2 9F) and one byte in latin-1.  The
 * same bytes stand in longer UTF-8 sequences too, where they are part of letters: so
 * text is read sequence by sequence, and a byte that belongs to none is latin-1.
 * quote() in pylib/ucorn/glogging.py escapes the same. */
#include "ucorn/util/quote.h"

#include <limits.h>

/* What ends a run of bytes that stay: the escaped ones of ASCII, and all others'. */
static const bool special[UCHAR_MAX + 1] = {
	[0 ... 0x1f] = true,
	['"'] = true,
	['\\'] = true,
	[0x7f ... UCHAR_MAX] = true,
};

size_t utf8_sequence(struct slice s)
{
	const unsigned char *c = (const unsigned char *)s.base;
	unsigned char least = 0x80, most = 0xbf; /* of the second byte */
	size_t len;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	len = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		least = 0xa0; /* shorter forms exist */
	else if (c[0] == 0xed)
		most = 0x9f; /* surrogates */
	else if (c[0] == 0xf0)
		least = 0x90;
	else if (c[0] == 0xf4)
		most = 0x8f; /* past U+10FFFF */
	if (s.len < len || c[1] < least || c[1] > most)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

static char *put_escaped(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	if (c == '"' || c == '\\') {
		*to++ = (char)c;
		return to;
	}
	*to++ = 'x';
	*to++ = hex[c >> 4];
	*to++ = hex[c & 15];
	return to;
}

static bool is_c1(unsigned char c)
{
	return c >= 0x80 && c < 0xa0;
}

/* Writes the special byte s begins with, or the sequence; gives how many bytes of s. */
static size_t put_special(char **to, struct slice s)
{
	unsigned char c = (unsigned char)s.base[0];
	size_t len = utf8_sequence(s);

	if (len == 2 && c == 0xc2 && is_c1((unsigned char)s.base[1])) {
		*to = put_escaped(*to, (unsigned char)s.base[1]);
		return len;
	}
	if (c < 0x80 || (len == 0 && is_c1(c))) {
		*to = put_escaped(*to, c);
		return 1;
	}
	len = len ? len : 1;
	memcpy(*to, s.base, len);
	*to += len;
	return len;
}

char *quote_write(char *to, struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		char c = s.base[i];

		if (LIKELY(!special[(unsigned char)c])) {
			*to++ = c;
			i++;
		} else {
			i += put_special(&to, slice_of(s.base + i, s.len - i));
		}
	}
	return to;
}

const char *quoted(struct slice s, struct quoted *room)
{
	const char *last = room->text + sizeof(room->text) - 1 - QUOTE_LONGEST;
	char *to = room->text;

	while (s.len > 0 && to <= last) {
		size_t len = utf8_sequence(s);

		len = len ? len : 1;
		to = quote_write(to, slice_of(s.base, len));
		s = slice_of(s.base + len, s.len - len);
	}
	*to = '\0';
	return room->text;
}
