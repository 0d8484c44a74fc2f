/* Which Python environment the user means. */
#ifndef UCORN_PY_ENVIRONMENT_H
#define UCORN_PY_ENVIRONMENT_H

#include "ucorn/util/err.h"

/* Decides whose interpreter is to be used.  Refuses an environment that was made for
 * another minor version than this program. */
MUST_CHECK int environment_choose(struct err *err);

/* It is decided: this program runs in that one. */
void environment_set(const char *chosen);

/* The path of the interpreter that was chosen. */
const char *environment_executable(void);

#endif
