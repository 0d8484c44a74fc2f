/* The process's title, as ps and top show it. */
#ifndef UCORN_UTIL_TITLE_H
#define UCORN_UTIL_TITLE_H

#include "ucorn/util/base.h"

/* To be called first in main: gives a copy of argv that title_set does not touch
 * and moves the environment out of its way.  If argv is not what exec has put there,
 * it is shown in its place.  Without it, or when memory is short
 * (argv itself is given then), title_set does nothing. */
char **title_init(int argc, char **argv);

/* Sets the title, cut to the room there is. */
void title_set(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
