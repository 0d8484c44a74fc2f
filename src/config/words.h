/* Text into words, as a POSIX shell and Python's shlex.split see them. */
#ifndef UCORN_CONFIG_WORDS_H
#define UCORN_CONFIG_WORDS_H

#include "ucorn/config/settings.h"

/* Appends the words of text to the list, which is the caller's to free also
 * after a failure: -1 with err when a quotation or an escape has no end. */
MUST_CHECK int words_split(struct string_list *words, const char *text, struct err *err);

void words_free(struct string_list *words);

#endif
