/* The master (arbiter): binds, forks, watches, and never touches a client. */
#ifndef UCORN_MASTER_MASTER_H
#define UCORN_MASTER_MASTER_H

#include "ucorn/config/settings.h"
#include "ucorn/master/heritage.h"

/* Reads the settings anew, for HUP.  0, or -1 with err; *fresh is the caller's
 * to release. */
typedef int settings_reader(void *data, struct settings *fresh, struct err *err);

/* Runs the server until it is told to stop; gives the process's exit code.
 * settings: taken over, released before it returns.  The interpreter runs, the
 * calling thread holds the GIL. */
int master_run(struct settings *settings, const struct heritage *heritage,
	       settings_reader *read_settings, void *reader_data);

#endif
