/* A slice is bytes that somebody else owns: no NUL at its end, never freed
 * through the slice, valid only as long as its owner says. */
#ifndef UCORN_UTIL_SLICE_H
#define UCORN_UTIL_SLICE_H

#include <string.h>

#include "ucorn/util/base.h"

struct slice {
	const char *base;
	size_t len;
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})

static inline struct slice slice_of(const char *base, size_t len)
{
	return (struct slice){base, len};
}

static inline struct slice slice_from(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.base, b.base, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);

bool slice_starts(struct slice s, struct slice prefix);

/* Whether no byte is above 0x7f. */
bool slice_is_ascii(struct slice s);

/* Without the spaces and tabs (OWS of RFC 9110 5.6.3) at both ends. */
struct slice slice_trim(struct slice s);

/* Cuts the next element off a comma-separated list (RFC 9110 5.6.1), trimmed;
 * false when the list is used up.  Empty elements are given as such. */
bool slice_next_element(struct slice *list, struct slice *element);

enum { DIGITS_MAX = 20 }; /* of a uint64_t */

/* Writes number in decimal so that it ends before end, where DIGITS_MAX bytes are free; gives
 * its first digit.  Faster than printf. */
char *digits_before(char *end, uint64_t number);

/* Decimal digits only, no sign, no blanks.  -EINVAL, or -ERANGE past 2^63-1. */
MUST_CHECK int slice_to_u64(struct slice s, uint64_t *value);

#endif
