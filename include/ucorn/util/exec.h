/* How this process was started: with which words, environment, folder and signals.  Another
 * program may have run in it since (ucorn/py/reexec.h); then that has brought this along. */
#ifndef UCORN_UTIL_EXEC_H
#define UCORN_UTIL_EXEC_H

#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include "ucorn/util/base.h"

/* Where the process is now, by the name that its shell has for it if it has one: that keeps
 * symbolic links, which deployments switch. */
void exec_current_folder(char folder[PATH_MAX]);

/* Where it was when this was first called. */
const char *exec_folder(void);

/* The environment: one block, the caller's to free; NULL: no memory. */
char **exec_environment(void);

/* The signals that were ignored and blocked. */
void exec_signals(sigset_t *ignored, sigset_t *blocked);

/* Writes all that, and argv, for exec_restore in the program that follows. */
void exec_save(FILE *out, char **argv);

/* What exec_save has written is how the process was started.  Gives argv, and argc, or NULL
 * without memory or sense.  state stays in use. */
char **exec_restore(char *state, size_t len, int *argc);

/* The arguments of the last exec where they lie, for the process's title; NULL where libc does
 * not tell. */
char **exec_arguments(void);

/* A copy of the list, whose end is NULL, and of its strings, in one block, the caller's to
 * free; NULL: no memory. */
char **exec_copy(char **strings);

#endif
