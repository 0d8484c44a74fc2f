/* What a process's Python threads are doing, written down when it cannot say it itself. */
#ifndef UCORN_PY_STACKS_H
#define UCORN_PY_STACKS_H

#include "ucorn/util/err.h"

/* From now on the stacks of all Python threads are written to fd at that signal, also
 * while C code holds the GIL, and before a fatal signal (SIGSEGV and the like) ends the
 * process, unless the user has asked Python to write them elsewhere (PYTHONFAULTHANDLER).
 * fd -1: does nothing.  Needs the GIL. */
MUST_CHECK int stacks_open(int signal_number, int fd, struct err *err);

/* Before the forks: what stacks_open needs is shared, then. */
void stacks_warm(void);

#endif
