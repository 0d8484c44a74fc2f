/* Watching files in a worker (reload), which leaves when one has changed.  Both need
 * the GIL. */
#ifndef UCORN_PY_RELOADER_H
#define UCORN_PY_RELOADER_H

#include "ucorn/util/err.h"

/* Before the application is imported: from now on one that cannot be gives an
 * application that shows why, if that is a syntax error or if the worker replaces one
 * that has served.  -1 with err, whose exit code is that of a failed boot. */
MUST_CHECK int reloader_make(bool replaces, struct err *err);

/* After the import: changes count from now on. */
MUST_CHECK int reloader_start(struct err *err);

#endif
