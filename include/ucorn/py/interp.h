/* The interpreter: started once in the master, inherited by the workers.
 *
 * The process's first thread holds the GIL from interp_start on, but between
 * gil_release and gil_acquire.  Nothing here shows a Python object, so master
 * and worker may use it. */
#ifndef UCORN_PY_INTERP_H
#define UCORN_PY_INTERP_H

#include <sys/types.h>

#include "ucorn/util/err.h"

/* Behind reexec_as_python.  Starts Python as `python3` of the user's environment would; if
 * this is python3, it has started.  sys.argv is argv. */
MUST_CHECK int interp_start(int argc, char **argv, struct err *err);

enum { INTERP_OUTPUT_LOST = 120 }; /* as python3 ends */

/* Ends Python: joins its threads and runs atexit functions.  Gives the exit
 * code: code, or INTERP_OUTPUT_LOST instead of 0 if that happened to buffered output. */
int interp_end(int code);

/* Threads may go on running Python code while interp_end waits for others: what the server
 * has for them stays until the process ends. */
void interp_keep_objects(void);

/* The version that was started: "3.11.2". */
const char *interp_version(void);

/* What sys.executable is: "/srv/app/.venv/bin/python". */
const char *interp_executable(void);

/* What there is now is for good: garbage collections of this process and of its children
 * leave it alone, so that they go on sharing its memory.  tidy: what is garbage already goes
 * first. */
void interp_freeze(bool tidy);

/* fork(2) with Python's before and after hooks, in the master and in the child.
 * Needs the GIL; the child has it.  Gives what fork gives, or -errno. */
MUST_CHECK pid_t interp_fork(void);

/* From now on called(data) runs in each child that the application forks by
 * itself, before anything else of it.  Once per process, on its first thread. */
MUST_CHECK int interp_watch_copies(void (*called)(void *data), void *data, struct err *err);

/* called(data) is not to run any more; data is about to go. */
void interp_unwatch_copies(void);

/* Whether this is such a child. */
bool interp_is_copy(void);

/* Ends such a child: with the code of the SystemExit that is set, else 0, or 1
 * after another exception. */
_Noreturn void interp_leave_copy(void);

/* Between these two other Python threads may run.  Both are the calling
 * thread's own; they do not nest. */
void gil_release(void);
void gil_acquire(void);

/* For code that is called in either case.  gil_borrow: true if the calling thread did not
 * have the GIL, which it now has, until gil_release.  gil_lend: true if it had, and has not
 * until gil_acquire. */
MUST_CHECK bool gil_borrow(void);
MUST_CHECK bool gil_lend(void);

/* Has done(data) called with the GIL: now if the calling thread has it, else by gil_do_due
 * in one that does. */
void gil_do(void (*done)(void *data), void *data);

/* With the GIL: what is due. */
void gil_do_due(void);

/* Puts folder at the front of sys.path, unless it is there. */
MUST_CHECK int interp_path_insert(const char *folder, struct err *err);

/* os.environ[NAME] = value, for an assignment "NAME=value". */
MUST_CHECK int interp_environ_set(const char *assignment, struct err *err);

/* From now on each line of Python that this thread runs is printed. */
MUST_CHECK int interp_spew(struct err *err);

#endif
