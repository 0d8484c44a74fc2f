/* What an operator has to fix: one sentence that says what, where and what to
 * do.  Made where the facts are, printed once, by whoever decides to give up. */
#ifndef UCORN_UTIL_ERR_H
#define UCORN_UTIL_ERR_H

#include "ucorn/util/base.h"

struct err {
	int exit_code; /* what the process should exit with, if it gives up */
	char text[512];
};

/* Sets the sentence (cut at 511 bytes) and exit_code 1; gives -1, so that a
 * function can end with `return err_set(...)`. */
int err_set(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with another exit code. */
int err_set_exit(struct err *err, int exit_code, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
