/* File descriptors: flags and closing. */
#ifndef UCORN_UTIL_FD_H
#define UCORN_UTIL_FD_H

#include <sys/types.h>

#include "ucorn/util/base.h"

MUST_CHECK int fd_set_nonblocking(int fd);	     /* 0 or -errno */
MUST_CHECK int fd_set_cloexec(int fd, bool cloexec); /* 0 or -errno */

/* A non-blocking close-on-exec pipe: ends[0] reads, ends[1] writes. */
MUST_CHECK int fd_pipe(int ends[2]);

/* Puts /dev/null behind those of 0, 1 and 2 that are closed: else the next descriptor that is
 * opened, a client's socket, is what is taken for stderr. */
void fd_open_standard(void);

/* Closes *fd if it is not negative, and makes it -1. */
void fd_close(int *fd);

/* Writes all bytes to a blocking descriptor, across EINTR and short writes.
 * 0 or -errno. */
MUST_CHECK int fd_write_all(int fd, const void *bytes, size_t len);

/* The same at an offset of a file, whose own offset stays. */
MUST_CHECK int fd_write_all_at(int fd, const void *bytes, size_t len, off_t offset);

#endif
