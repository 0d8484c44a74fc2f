/* Operations on slices that are too long to be inline.
 *
 * All of them work on bytes, not on characters of a locale: HTTP's letters are
 * ASCII, and tolower(3) would depend on what an application sets. */
#include "ucorn/util/slice.h"

#include <errno.h>

static unsigned char ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower((unsigned char)a.base[i]) != ascii_lower((unsigned char)b.base[i]))
			return false;
	}
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && slice_eq(slice_of(s.base, prefix.len), prefix);
}

/* Eight bytes at a time; the last ones may be looked at twice. */
bool slice_is_ascii(struct slice s)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t word, seen = 0;
	size_t i = 0;

	if (s.len < sizeof(word)) {
		for (; i < s.len; i++)
			seen |= (uint64_t)(unsigned char)s.base[i];
		return !(seen & high);
	}
	for (; i + sizeof(word) < s.len; i += sizeof(word)) {
		memcpy(&word, s.base + i, sizeof(word));
		seen |= word;
	}
	memcpy(&word, s.base + s.len - sizeof(word), sizeof(word));
	return !((seen | word) & high);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.base[0])) {
		s.base++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.base[s.len - 1]))
		s.len--;
	return s;
}

/* An empty list has no elements, and a comma at the very end starts none. */
bool slice_next_element(struct slice *list, struct slice *element)
{
	if (list->len == 0)
		return false;

	const char *comma = memchr(list->base, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->base) : list->len;
	size_t used = comma ? len + 1 : len;

	*element = slice_trim(slice_of(list->base, len));
	list->base += used;
	list->len -= used;
	return true;
}

char *digits_before(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

int slice_to_u64(struct slice s, uint64_t *value)
{
	uint64_t v = 0;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (s.base[i] < '0' || s.base[i] > '9')
			return -EINVAL;
	}
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.base[i] - '0');

		if (v > ((uint64_t)INT64_MAX - digit) / 10)
			return -ERANGE;
		v = v * 10 + digit;
	}
	*value = v;
	return 0;
}
