/* Lines of the error log.
 *
 * The level and the descriptor belong to the process; they are set at boot,
 * before there are threads, and on reopening.  The formatted second is cached
 * for each thread, since pool threads log too and localtime_r(3) is the
 * expensive part of a line.  A line that cannot be written is lost: there is
 * nobody left to tell. */
#include "ucorn/util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ucorn/util/fd.h"

enum { MESSAGE_MAX_BYTES = 8192, PREFIX_MAX_BYTES = 128 };

static enum log_level threshold = LOG_INFO;
static int out_fd = STDERR_FILENO;
static const struct log_taker *taker;

static const char *const level_names[] = {
	[LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO",	    [LOG_WARNING] = "WARNING",
	[LOG_ERROR] = "ERROR", [LOG_CRITICAL] = "CRITICAL",
};

enum log_level log_level_from(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcasecmp(name, level_names[i]) == 0)
			return (enum log_level)i;
	}
	return LOG_INFO;
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_enabled(enum log_level level)
{
	return level >= threshold;
}

void log_set_fd(int fd)
{
	out_fd = fd;
}

int log_fd(void)
{
	return out_fd;
}

bool log_is_stderr(void)
{
	struct stat ours, standard;

	return out_fd == STDERR_FILENO ||
	       (fstat(out_fd, &ours) == 0 && fstat(STDERR_FILENO, &standard) == 0 &&
		ours.st_dev == standard.st_dev && ours.st_ino == standard.st_ino);
}

void log_set_taker(const struct log_taker *who)
{
	taker = who;
}

static const char *current_second(void)
{
	static _Thread_local time_t cached = -1;
	static _Thread_local char text[sizeof("2026-11-21 23:11:55 +0000") + 16];
	time_t now = time(NULL);
	struct tm local;

	if (now != cached && localtime_r(&now, &local)) {
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &local);
		cached = now;
	}
	return text;
}

static void write_line(const char *line, size_t len)
{
	int lost = fd_write_all(out_fd, line, len);

	UNUSED(lost);
}

/* The message has room for the prefix before it, and for the LF behind it. */
static void write_message(enum log_level level, char *message, size_t len)
{
	char prefix[PREFIX_MAX_BYTES];
	int n = snprintf(prefix, sizeof(prefix), "[%s] [%d] [%s] ", current_second(), (int)getpid(),
			 level_names[level]);

	memcpy(message - n, prefix, (size_t)n);
	message[len] = '\n';
	write_line(message - n, (size_t)n + len + 1);
}

MAY_SWITCH void log_write(enum log_level level, const char *fmt, ...)
{
	char line[PREFIX_MAX_BYTES + MESSAGE_MAX_BYTES], *message = line + PREFIX_MAX_BYTES;
	int saved_errno = errno;
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(message, MESSAGE_MAX_BYTES, fmt, args);
	va_end(args);

	if (len < 0)
		len = 0;
	if (len >= MESSAGE_MAX_BYTES)
		len = MESSAGE_MAX_BYTES - 1;
	if (!taker || !taker->line(level, slice_of(message, (size_t)len)))
		write_message(level, message, (size_t)len);
	errno = saved_errno;
}

void log_raw(struct slice bytes)
{
	int saved_errno = errno;

	if (!taker || !taker->raw(bytes))
		write_line(bytes.base, bytes.len);
	errno = saved_errno;
}
