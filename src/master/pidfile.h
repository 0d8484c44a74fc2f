/* The file that tells other programs the master's process id. */
#ifndef UCORN_MASTER_PIDFILE_H
#define UCORN_MASTER_PIDFILE_H

#include <sys/types.h>

#include "ucorn/util/err.h"

/* Writes "PID\n" with mode 0644.  -1 with err when another living process owns
 * the file, or when it cannot be written; then the file is as it was. */
MUST_CHECK int pidfile_write(const char *path, pid_t pid, struct err *err);

/* Removes the file if it still holds pid. */
void pidfile_remove(const char *path, pid_t pid);

#endif
