/* What a process's Python threads are doing, written down when it cannot say it itself. */
#ifndef UCORN_PY_STACKS_H
#define UCORN_PY_STACKS_H

#include "ucorn/util/err.h"

/* From now on the stacks of all Python threads are written down at that signal, also while
 * C code holds the GIL, and before a fatal signal (SIGSEGV and the like) ends the process,
 * unless the user has asked Python to do that (PYTHONFAULTHANDLER).  They go to stderr, in
 * this process and in those that it forks.  Needs the GIL. */
MUST_CHECK int stacks_begin(int signal_number, struct err *err);

/* In a child: they go to what is behind fd, which is closed. */
void stacks_go_to(int fd);

#endif
