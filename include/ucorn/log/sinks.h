/* Where the error log and the access log go. */
#ifndef UCORN_LOG_SINKS_H
#define UCORN_LOG_SINKS_H

#include "ucorn/log/access.h"
#include <pthread.h>

struct log_sink {
	char *path; /* owned; NULL: a standard stream, or no log */
	int fd;	    /* owned if there is a path; -1: no log */
};

/* What threads that log have in common.  Formatting a line may run Python code: so whoever has
 * the GIL gives it up while it waits for the lock. */
struct log_lock {
	pthread_mutex_t mutex;
	bool (*lend_gil)(void); /* true if it is to be taken again */
	void (*take_gil)(void);
};

/* A zeroed struct is not valid: start with log_sinks_open. */
struct log_sinks {
	struct log_sink error, access;
	bool has_owner; /* files are to belong to uid and gid */
	uid_t uid;
	gid_t gid;
	size_t access_chunk_max;   /* bytes per write(2) */
	struct buf access_pending; /* whole lines, and the rest of one cut by a short write */
	struct log_lock *lock;	   /* of access_pending, and of formats; NULL: one thread */
};

/* Opens the logs and sends log_write to the error log.  A file name, or "-":
 * stderr and stdout; accesslog NULL: no access log.  -1 with err when a file
 * cannot be written; then nothing is open and the error log is where it was. */
MUST_CHECK int log_sinks_open(struct log_sinks *s, const char *errorlog, const char *accesslog,
			      struct err *err);

/* From now on several threads log; borrowed. */
void log_sinks_share(struct log_sinks *s, struct log_lock *lock);

/* Gives the files to those who have to open them again (log_sinks_reopen) when the
 * process that has opened them cannot: also those that it will reopen.  What cannot
 * be given away, and what is no file (/dev/null), stays as it is. */
void log_sinks_own(struct log_sinks *s, uid_t uid, gid_t gid);

/* Flushes and closes; the error log goes to stderr if it still went here. */
void log_sinks_close(struct log_sinks *s);

/* For log rotation: opens the files by their names again, under the same
 * descriptor numbers.  What cannot be opened stays as it is and is logged. */
void log_sinks_reopen(struct log_sinks *s);

/* Formats a line behind those pending, and flushes when they get many.  0 when
 * there is no access log.  -errno: -ENOMEM, or from flushing. */
MUST_CHECK int log_access_append(struct log_sinks *s, struct access_format *f,
				 const struct access_record *r);

/* Writes the pending lines; to be called once per turn of the loop.  0, also
 * when a non-blocking pipe is full and lines are kept for the next time; -errno
 * when lines had to be dropped. */
MUST_CHECK int log_sinks_flush(struct log_sinks *s);

#endif
