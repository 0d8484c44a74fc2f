/* The server's log and Python's logging.
 *
 * There is always a logger object, of the class that logger_class names, and
 * behind it Python's loggers gunicorn.error and gunicorn.access with handlers
 * and levels.  As long as all that is stock, C writes the lines.  From the
 * moment log_bridge_judge finds that it is not, lines go through the object's
 * methods: warning() for a warning, and so on.
 *
 * All but the log's own functions need the GIL. */
#ifndef UCORN_PY_LOGBRIDGE_H
#define UCORN_PY_LOGBRIDGE_H

#include "ucorn/config/settings.h"
#include "ucorn/util/log.h"

/* Makes the logger object.  -1 with err when its class cannot be found or its
 * set-up fails: a file that cannot be written, a bad logconfig. */
MUST_CHECK int log_bridge_start(const struct settings *s, struct err *err);

/* The same on a reload: the object's setup(), or another object if the class is
 * another.  After a failure, -1 with err, logging is as it was; else exactly one of
 * the other two has to follow: what was before comes back, or it is closed. */
MUST_CHECK int log_bridge_renew(const struct settings *s, struct err *err);
void log_bridge_revert(void);
void log_bridge_settle(void);

/* Looks again whether everything is stock, and sends lines accordingly: after
 * the user's code (config, hooks, the application) has run. */
void log_bridge_judge(void);

/* Who writes the lines of the access log, by the last look. */
enum access_route {
	ACCESS_NONE,
	ACCESS_BY_SERVER, /* in C */
	ACCESS_BY_LOGGER, /* logger.access() is called for each request */
};
enum access_route log_bridge_access_route(void);

/* Whether Python's % operator can do something with this access_log_format. */
bool log_bridge_can_format(const char *format);

/* Calls the object's reopen_files(): the files that Python has open. */
void log_bridge_reopen(void);

/* A metric for loggers that send some (statsd); text is its line in the log at
 * debug level.  type: "gauge" or "histogram".  Costs nothing with the stock logger. */
void log_bridge_metric(const char *text, const char *name, long value, const char *type);

/* Lines go nowhere but to the descriptor from now on: Python is about to end. */
void log_bridge_end(void);

#endif
