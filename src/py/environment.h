/* Which Python environment the user means. */
#ifndef UCORN_PY_ENVIRONMENT_H
#define UCORN_PY_ENVIRONMENT_H

#include "ucorn/util/err.h"

enum { ENVIRONMENT_PATH_MAX = 4096 };

/* The interpreter whose environment is to be used: path of an executable.
 * Refuses an environment made for another minor version than minor ("3.11"). */
MUST_CHECK int environment_find(const char *minor, const char *fallback,
				char executable[ENVIRONMENT_PATH_MAX], struct err *err);

#endif
