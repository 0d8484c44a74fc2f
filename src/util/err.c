/* Sentences for the operator. */
#include "ucorn/util/err.h"

#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *err, const char *fmt, ...)
{
	va_list args;

	err->exit_code = 1;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return -1;
}

int err_set_exit(struct err *err, int exit_code, const char *fmt, ...)
{
	va_list args;

	err->exit_code = exit_code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return -1;
}
