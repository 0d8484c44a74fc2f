/* Python exceptions that nobody above handles: they are told and cleared here,
 * and never leave the folders that see Python.  All need the GIL. */
#ifndef UCORN_PY_ERRORS_H
#define UCORN_PY_ERRORS_H

#include "ucorn/util/err.h"

/* Logs the message at error level, with the traceback of the exception that is
 * set behind it; clears the exception. */
void py_error_log(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same as one warning, the traceback being part of it. */
void py_error_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Takes what the exception says as the operator's sentence (fallback: where it says
 * nothing); clears it and gives -1. */
int py_error_sentence(struct err *err, int exit_code, const char *fallback);

/* If the exception that is set is SystemExit: clears it and gives true and the
 * exit code that Python would exit with (printing its message, if it has one; the
 * log has it, too). */
bool py_error_is_exit(int *code);

#endif
