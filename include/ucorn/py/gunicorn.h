/* The package that answers `import gunicorn`, and what its users have changed in
 * it.  Shows no Python object, so that master and worker may use it; all of it
 * needs the GIL. */
#ifndef UCORN_PY_GUNICORN_H
#define UCORN_PY_GUNICORN_H

#include "ucorn/util/buf.h"
#include "ucorn/util/err.h"

/* Which one it is from now on: the installed one, or ours (as at start).  What has
 * been imported from the other stays with those who have it.  -1 with err when none
 * is installed. */
MUST_CHECK int gunicorn_use_installed(bool installed, struct err *err);

/* Puts the value of the field Server into name (empty before): gunicorn.SERVER.  -1
 * with err when it is no text in latin-1; whether a field may have it is for
 * response_server_line to say. */
MUST_CHECK int gunicorn_server_name(struct buf *name, struct err *err);

/* Logs a warning for each change in the package that cannot have an effect, once:
 * after the user's code (configuration, hooks, the application) has run. */
void gunicorn_judge(void);

#endif
