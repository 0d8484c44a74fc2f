/* The access log's lines, in gunicorn's format language or as JSON. */
#ifndef UCORN_LOG_ACCESS_H
#define UCORN_LOG_ACCESS_H

#include <sys/types.h>
#include <time.h>

#include "ucorn/http/response.h"
#include "ucorn/util/err.h"

/* What a line is made of.  Everything is borrowed for the call. */
struct access_record {
	const struct http_request *req; /* NULL: it failed before it was parsed */
	const struct response *resp;	/* NULL: the answer was an error page */
	unsigned status;		/* 0: nothing was answered */
	const char *remote_addr;	/* NULL or "": not known, a unix socket */
	uint64_t bytes_sent;		/* of the body */
	uint64_t duration_us;
	time_t now;
	pid_t pid;

	/* For %({key}e)s: the WSGI environment's value as text, valid until the
	 * line is done.  key is as the format has it; its case does not count.
	 * NULL: there is no environment. */
	bool (*environ_lookup)(void *data, struct slice key, struct slice *value);
	void *environ_data;
};

/* A compiled format.  It keeps scratch memory and the formatted time, so it
 * belongs to one thread at a time. */
struct access_format;

/* NULL with err when the format is malformed, %d is asked of a text, or memory
 * is short. */
MUST_CHECK struct access_format *access_format_new(const char *format, struct err *err);

/* The same for a format that may have mistakes: what is none is taken as text.  NULL
 * when memory is short. */
MUST_CHECK struct access_format *access_format_new_tolerant(const char *format);
void access_format_free(struct access_format *f);

/* Appends one line with its LF.  0, or -ENOMEM with out as it was. */
MUST_CHECK int access_format_line(struct access_format *f, const struct access_record *r,
				  struct buf *out);

/* Whether access_log_exclude, paths separated by commas, names that path or one above
 * it.  Never if a segment of the path is . or .., since it may lead elsewhere. */
bool access_excludes(const char *prefixes, struct slice path);

#endif
