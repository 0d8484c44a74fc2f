/* Into the background. */
#ifndef UCORN_MASTER_DAEMONIZE_H
#define UCORN_MASTER_DAEMONIZE_H

#include "ucorn/util/err.h"

/* Goes on in another process, without a terminal: who started this one sees it end
 * with 0.  Standard input, output and error become /dev/null; with keep_output, the
 * last two only if they are terminals.  The umask becomes 022; the folder stays.
 * Needs the GIL, and no threads but this. */
MUST_CHECK int daemonize(bool keep_output, struct err *err);

#endif
