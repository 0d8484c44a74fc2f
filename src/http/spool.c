/* Request bodies that wait for the application.
 *
 * Up to memory_max bytes stay in memory.  A larger body goes to a file that has
 * no name, so nothing is left behind whatever happens to the process; then the
 * memory gathers small pieces, to write few and large ones.  Writing and
 * reading are two phases with spool_finish between them. */
#include "ucorn/http/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ucorn/util/fd.h"

enum { SCAN_BYTES = 8192 };

void spool_init(struct spool *s, struct spool_store *store)
{
	*s = (struct spool){.fd = -1, .store = store};
}

void spool_reset(struct spool *s)
{
	struct buf memory = s->memory;

	buf_clear(&memory);
	fd_close(&s->fd);
	spool_uncount(s->store, s->filed);
	spool_init(s, s->store);
	s->memory = memory;
}

void spool_release(struct spool *s)
{
	spool_reset(s);
	buf_release(&s->memory);
}

int spool_count(struct spool_store *store, uint64_t bytes)
{
	if (!store->all)
		return 0;

	uint64_t before = atomic_fetch_add(store->all, bytes);

	if (store->limit > 0 && (before >= store->limit || bytes > store->limit - before)) {
		atomic_fetch_sub(store->all, bytes);
		return -EDQUOT;
	}
	atomic_fetch_add(store->own, bytes);
	return 0;
}

void spool_uncount(struct spool_store *store, uint64_t bytes)
{
	if (!store->all || bytes == 0)
		return;
	atomic_fetch_sub(store->own, bytes);
	atomic_fetch_sub(store->all, bytes);
}

/* For file systems without O_TMPFILE (overlayfs before 6.1, NFS). */
static int open_and_unlink(const char *folder)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/ucorn-body-XXXXXX", folder);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;

	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int spool_temp_file(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : open_and_unlink(folder);
}

static int flush_memory(struct spool *s)
{
	int rc = fd_write_all(s->fd, s->memory.base, s->memory.len);

	if (rc == 0)
		buf_clear(&s->memory);
	return rc;
}

static int count_more(struct spool *s, uint64_t bytes)
{
	int rc = spool_count(s->store, bytes);

	if (rc == 0)
		s->filed += bytes;
	return rc;
}

/* From here on all of the body is counted, also what gathers in memory: it will be
 * written. */
static int open_file(struct spool *s)
{
	int rc = count_more(s, s->memory.len);

	if (rc == 0)
		rc = spool_temp_file(s->store->folder);
	if (rc < 0)
		return rc;
	s->fd = rc;
	return 0;
}

static int put_in_file(struct spool *s, struct slice bytes)
{
	int rc = flush_memory(s);

	if (rc < 0)
		return rc;
	if (bytes.len < s->store->memory_max)
		return buf_append_slice(&s->memory, bytes);
	return fd_write_all(s->fd, bytes.base, bytes.len);
}

int spool_put(struct spool *s, struct slice bytes)
{
	size_t max = s->store->memory_max;
	bool fits = bytes.len <= max && s->memory.len <= max - bytes.len;
	int rc = 0;

	if (!fits && s->fd < 0)
		rc = open_file(s);
	if (rc == 0 && s->fd >= 0)
		rc = count_more(s, bytes.len);
	if (rc == 0)
		rc = fits ? buf_append_slice(&s->memory, bytes) : put_in_file(s, bytes);
	if (rc == 0)
		s->size += bytes.len;
	return rc;
}

void spool_borrow(struct spool *s, struct slice bytes)
{
	assert(s->size == 0 && s->fd < 0);
	s->borrowed = bytes.base;
	s->size = bytes.len;
}

int spool_hold(struct spool *s, struct slice bytes)
{
	int rc = buf_append_slice(&s->memory, bytes);

	assert(s->fd < 0);
	if (rc == 0)
		s->size += bytes.len;
	return rc;
}

int spool_finish(struct spool *s)
{
	return s->fd >= 0 ? flush_memory(s) : 0;
}

/* One read at an offset; a file that is shorter than what was written to it
 * has been truncated behind our back. */
static ssize_t read_at(const struct spool *s, void *into, size_t len, uint64_t offset)
{
	ssize_t n;

	do {
		n = pread(s->fd, into, len, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n > 0 ? n : -EIO;
}

/* What is not read yet of a body that is in memory. */
static const char *unread(const struct spool *s)
{
	return (s->borrowed ? s->borrowed : s->memory.base) + s->offset;
}

ssize_t spool_read(struct spool *s, void *into, size_t len)
{
	size_t done = 0;

	assert(s->fd < 0 || s->memory.len == 0);
	if (len > spool_left(s))
		len = (size_t)spool_left(s);
	if (len == 0)
		return 0;
	if (s->fd < 0) {
		memcpy(into, unread(s), len);
		done = len;
	}
	while (done < len) {
		ssize_t n = read_at(s, (char *)into + done, len - done, s->offset + done);

		if (n < 0)
			return n;
		done += (size_t)n;
	}
	s->offset += done;
	return (ssize_t)done;
}

static size_t line_length(const char *bytes, size_t len, bool *ends)
{
	const char *lf = memchr(bytes, '\n', len);

	*ends = lf != NULL;
	return lf ? (size_t)(lf + 1 - bytes) : len;
}

static ssize_t file_line_length(const struct spool *s, size_t max, bool *ends)
{
	char bytes[SCAN_BYTES];
	size_t seen = 0;

	*ends = false;
	while (seen < max && !*ends) {
		size_t len = max - seen < sizeof(bytes) ? max - seen : sizeof(bytes);
		ssize_t n = read_at(s, bytes, len, s->offset + seen);

		if (n < 0)
			return n;

		seen += line_length(bytes, (size_t)n, ends);
	}
	return (ssize_t)seen;
}

ssize_t spool_line_length(struct spool *s, size_t max, bool *ends)
{
	uint64_t left = spool_left(s);

	assert(s->fd < 0 || s->memory.len == 0);
	if (max == 0 || max > left)
		max = (size_t)left;
	*ends = false;
	if (max == 0)
		return 0;
	if (s->fd < 0)
		return (ssize_t)line_length(unread(s), max, ends);
	return file_line_length(s, max, ends);
}
