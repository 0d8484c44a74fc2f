/* Worker classes of the user's: which class a setting names, and the life of a worker
 * that is an object of one.  All need the GIL. */
#ifndef UCORN_PY_HOSTING_H
#define UCORN_PY_HOSTING_H

#include "ucorn/config/settings.h"

enum { HOSTING_NAME_MAX = 32 };

/* For a worker_class that is none of the server's names: imports the class.  name gets
 * the name of the server's worker class that goes with it, "" if the class does everything
 * itself.  -1 with err when no worker can be of that class. */
MUST_CHECK int hosting_judge(const struct settings *s, char name[HOSTING_NAME_MAX],
			     struct err *err);

/* Whether the current worker object is of such a class. */
bool hosting_is_wanted(void);

/* In the worker: calls the object's init_process(), which ends with run().  -1 with err when
 * it ends with an exit code or an exception: gunicorn's codes, the log has been told of
 * exceptions.  Does not return in a process that the class has forked. */
MUST_CHECK int hosting_live(struct err *err);

/* While the server's own worker serves for the object: whether its class has a notify() of its
 * own, and calling it.  Gives PY_SIGNAL_GO_ON (signals.h), or the exit code that the worker is
 * to end with.  hosting_notify does not need the GIL. */
bool hosting_notifies(void);
int hosting_notify(void);

#endif
