/* The error log's front: levels and one line per message.
 *
 * A line is `[2026-11-21 23:11:55 +0000] [pid] [INFO] message`, as gunicorn
 * writes it.  It goes with a single write(2) to the descriptor set by
 * log_set_fd, so that lines of several processes do not mix. */
#ifndef UCORN_UTIL_LOG_H
#define UCORN_UTIL_LOG_H

#include "ucorn/util/base.h"
#include "ucorn/util/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_CRITICAL };

/* debug, info, warning, error, critical in any case; unknown names mean info,
 * as under gunicorn. */
enum log_level log_level_from(const char *name);

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Where lines go; 2 at start.  The descriptor stays its owner's. */
void log_set_fd(int fd);
int log_fd(void);

/* Whether what is written to stderr is seen in the log anyway. */
bool log_is_stderr(void);

/* Somebody who may take what is logged in place of the descriptor: each function
 * gives false for what should go there after all.  Called in any thread. */
struct log_taker {
	bool (*line)(enum log_level level, struct slice message);
	bool (*raw)(struct slice bytes);
};

/* NULL: nobody, as at start. */
void log_set_taker(const struct log_taker *who);

/* Writes the line.  Longer messages than 8 KiB are cut. */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Bytes as they are behind no prefix: tracebacks, wsgi.errors. */
void log_raw(struct slice bytes);

#define LOG_AT(level, ...)                             \
	do {                                           \
		if (log_enabled(level))                \
			log_write(level, __VA_ARGS__); \
	} while (0)

#define log_debug(...)	  LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)	  LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warning(...)  LOG_AT(LOG_WARNING, __VA_ARGS__)
#define log_error(...)	  LOG_AT(LOG_ERROR, __VA_ARGS__)
#define log_critical(...) LOG_AT(LOG_CRITICAL, __VA_ARGS__)

#endif
