/* What exec has given this process: its arguments and its environment, as they were before
 * anything has changed them. */
#ifndef UCORN_UTIL_EXEC_H
#define UCORN_UTIL_EXEC_H

#include "ucorn/util/base.h"

/* exec's arguments, where they lie; title_set writes over them.  Those of main may be the last
 * of these only, if another program was executed.  NULL where libc does not tell. */
char **exec_arguments(int *argc);

/* exec's environment, or what there is now if the kernel does not tell.  To be called before
 * title_set.  One block, the caller's to free; NULL: no memory. */
char **exec_environment(void);

/* A copy of the list, whose end is NULL, and of its strings, in one block, the caller's to
 * free; NULL: no memory. */
char **exec_copy(char **strings);

#endif
