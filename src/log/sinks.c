/* Where logs go: files or standard streams, opened, rotated, closed.
 *
 * Files are opened for appending, so that all workers write to one file, and
 * reopened under the same descriptor number, so that a rotation needs nobody to
 * be told.  Access lines are collected and written once per turn of the loop.  A
 * file takes them all in one write(2), which Linux does not mix with those of
 * other processes.  A pipe (a container's stdout) keeps a write together only up
 * to PIPE_BUF bytes, so there they go in pieces of whole lines below that.
 *
 * A full disk does not stop the service: lines that cannot be written are
 * dropped, and the caller hears of it. */
#include "ucorn/log/sinks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

enum {
	FLUSH_BYTES = 64 * 1024, /* so many are written before the turn ends */
	KEEP_BYTES = 1024 * 1024 /* so many are kept for a reader that is slow */
};

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	return fd < 0 ? -errno : fd;
}

static int sink_open(struct log_sink *sink, const char *name, int standard, struct err *err)
{
	if (strcmp(name, "-") == 0) {
		sink->fd = standard;
		return 0;
	}
	sink->path = strdup(name);
	if (!sink->path)
		return err_set(err, "no memory for the name of a log file");
	sink->fd = open_file(name);
	if (sink->fd < 0)
		return err_set(err, "'%s' isn't writable: %s", name, strerror(-sink->fd));
	return 0;
}

static void sink_close(struct log_sink *sink)
{
	if (sink->path)
		fd_close(&sink->fd);
	free(sink->path);
	*sink = (struct log_sink){.fd = -1};
}

/* The old file stays in use until the new one is open. */
static void sink_reopen(struct log_sink *sink)
{
	if (!sink->path)
		return;
	int fd = open_file(sink->path);
	int rc = fd < 0 ? fd : 0;
	if (rc == 0 && dup3(fd, sink->fd, O_CLOEXEC) < 0)
		rc = -errno;
	if (rc < 0)
		log_error("'%s' isn't writable: %s; logging goes on into the file that was open",
			  sink->path, strerror(-rc));
	if (fd >= 0)
		close(fd);
}

/* Whether path leads to that file without a symbolic link.  A kernel without openat2
 * (before 5.6) cannot tell. */
static bool leads_straight_to(const char *path, const struct stat *file)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat st;
	bool same = fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == file->st_dev &&
		    st.st_ino == file->st_ino;

	if (fd >= 0)
		close(fd);
	return same;
}

/* The folder may be another user's, who can put a link to a file of root's there: that
 * file is not to be given away. */
static void sink_own(const struct log_sinks *s, const struct log_sink *sink)
{
	struct stat st;

	if (!sink->path || !s->has_owner || fstat(sink->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (st.st_nlink != 1 || !leads_straight_to(sink->path, &st)) {
		log_debug("'%s' keeps its owner: it is reached through a link", sink->path);
		return;
	}
	if (fchown(sink->fd, s->uid, s->gid) < 0)
		log_debug("'%s' keeps its owner: %s", sink->path, strerror(errno));
}

/* How much one write may carry without another process's lines getting into it. */
static size_t chunk_max(int fd)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return SIZE_MAX;
	return PIPE_BUF;
}

int log_sinks_open(struct log_sinks *s, const char *errorlog, const char *accesslog,
		   struct err *err)
{
	*s = (struct log_sinks){.error.fd = -1, .access.fd = -1};
	if (sink_open(&s->error, errorlog, STDERR_FILENO, err) < 0 ||
	    (accesslog && sink_open(&s->access, accesslog, STDOUT_FILENO, err) < 0)) {
		sink_close(&s->access);
		sink_close(&s->error);
		return -1;
	}
	s->access_chunk_max = chunk_max(s->access.fd);
	log_set_fd(s->error.fd);
	return 0;
}

void log_sinks_own(struct log_sinks *s, uid_t uid, gid_t gid)
{
	s->has_owner = true;
	s->uid = uid;
	s->gid = gid;
	sink_own(s, &s->error);
	sink_own(s, &s->access);
}

void log_sinks_share(struct log_sinks *s, struct log_lock *lock)
{
	s->lock = lock;
}

static void sinks_lock(struct log_sinks *s)
{
	while (s->lock && pthread_mutex_trylock(&s->lock->mutex) != 0) {
		bool lent = s->lock->lend_gil();

		pthread_mutex_lock(&s->lock->mutex);
		if (!lent)
			return;
		/* Whoever waits for the GIL with it would make the loop wait, too. */
		pthread_mutex_unlock(&s->lock->mutex);
		s->lock->take_gil();
	}
}

static void sinks_unlock(struct log_sinks *s)
{
	if (s->lock)
		pthread_mutex_unlock(&s->lock->mutex);
}

static void flush_or_complain(struct log_sinks *s)
{
	int rc = log_sinks_flush(s);

	if (rc < 0)
		log_error("access log lines were lost: %s", strerror(-rc));
}

void log_sinks_close(struct log_sinks *s)
{
	flush_or_complain(s);
	buf_release(&s->access_pending);
	if (log_fd() == s->error.fd)
		log_set_fd(STDERR_FILENO);
	sink_close(&s->access);
	sink_close(&s->error);
}

void log_sinks_reopen(struct log_sinks *s)
{
	flush_or_complain(s); /* old lines into the old file */
	sink_reopen(&s->error);
	sink_reopen(&s->access);
	sink_own(s, &s->error);
	sink_own(s, &s->access);
	sinks_lock(s);
	s->access_chunk_max = chunk_max(s->access.fd);
	sinks_unlock(s);
}

/* How much of lines goes out next: as many whole ones as one write may carry,
 * or one that is longer than that. */
static size_t next_chunk(struct slice lines, size_t max)
{
	if (lines.len <= max)
		return lines.len;
	const char *end = memrchr(lines.base, '\n', max);
	if (!end)
		end = memchr(lines.base, '\n', lines.len);
	return end ? (size_t)(end + 1 - lines.base) : lines.len;
}

static int flush(struct log_sinks *s)
{
	struct buf *pending = &s->access_pending;
	size_t done = 0;
	int rc = 0;

	while (done < pending->len && rc == 0) {
		struct slice rest = slice_of(pending->base + done, pending->len - done);
		ssize_t n = write(s->access.fd, rest.base, next_chunk(rest, s->access_chunk_max));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			rc = -errno;
	}
	buf_consume(pending, done);
	if (rc == -EAGAIN && pending->len <= KEEP_BYTES)
		return 0;
	buf_clear(pending);
	return rc;
}

int log_sinks_flush(struct log_sinks *s)
{
	int rc;

	sinks_lock(s);
	rc = flush(s);
	sinks_unlock(s);
	return rc;
}

int log_access_append(struct log_sinks *s, struct access_format *f, const struct access_record *r)
{
	int rc;

	if (s->access.fd < 0)
		return 0;
	sinks_lock(s);
	rc = access_format_line(f, r, &s->access_pending);
	if (rc == 0 && s->access_pending.len >= FLUSH_BYTES)
		rc = flush(s);
	sinks_unlock(s);
	return rc;
}
