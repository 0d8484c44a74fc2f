/* Bytes that clients send, as log lines may show them.
 *
 * Control bytes, DEL and the control characters of latin-1 (C1, which terminals obey
 * like those of ASCII) become \xHH, and '"' and '\' get a backslash: nobody can make
 * a line, end a quoted field, or send escape sequences to whoever reads the log.
 * Everything else stays as it is, UTF-8 in particular. */
#ifndef UCORN_UTIL_QUOTE_H
#define UCORN_UTIL_QUOTE_H

#include "ucorn/util/slice.h"

enum { QUOTE_LONGEST = 4 }; /* what one byte becomes at most */

/* Writes s to `to`, which has room for s.len * QUOTE_LONGEST bytes; gives the end. */
char *quote_write(char *to, struct slice s);

/* Room for one quoted text of an error line. */
struct quoted {
	char text[1024];
};

/* s as a text in *room; what does not fit is cut off. */
const char *quoted(struct slice s, struct quoted *room);

/* The length of the UTF-8 sequence that s, which is not empty, begins with (RFC 3629);
 * 0: it is none. */
size_t utf8_sequence(struct slice s);

#endif
