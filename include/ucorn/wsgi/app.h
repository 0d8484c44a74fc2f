/* The WSGI application (PEP 3333) as an app of the connection machine. */
#ifndef UCORN_WSGI_APP_H
#define UCORN_WSGI_APP_H

#include "ucorn/conn/app.h"
#include "ucorn/util/err.h"

/* Imports the application named by spec: MODULE, MODULE:name or
 * MODULE:factory(literal arguments).  NULL with err when that fails: exit_code
 * is 4 with gunicorn's message when the spec or what it names is wrong; 3 after
 * the traceback of an exception was printed to stderr (text is empty then), or
 * the code of a SystemExit.  Needs the GIL. */
MUST_CHECK struct app *wsgi_app_load(const char *spec, struct err *err);

/* The application that the worker object has as worker.wsgi already. */
MUST_CHECK struct app *wsgi_app_of_worker(struct err *err);

/* Shows it to hooks, as worker.wsgi; they may put something else there. */
MUST_CHECK int wsgi_app_show(struct app *app, struct err *err);

struct wsgi_options {
	bool multithread, multiprocess;
	bool sendfile;	  /* files behind wsgi.file_wrapper are not read by Python */
	bool interleaved; /* several applications run in turns on one thread: each
			   * gets a contextvars.Context of its own */
	bool pauses;	  /* where ucorn.wait is called, that thread may not wait: the server
			   * is to do so, see APP_PAUSE */
};

/* Sets what the worker knows, and takes over what hooks have made of it; before the
 * first request, and again when that may have changed. */
MUST_CHECK int wsgi_app_configure(struct app *app, const struct wsgi_options *options,
				  struct err *err);

/* Before the forks: what every worker needs of Python for this is shared, then. */
void wsgi_warm(void);

/* Calls the logger's access() for the answer of x, between start and finish.  What
 * it raises is logged. */
void wsgi_log_access(struct exchange *x, uint64_t duration_us);

void wsgi_app_free(struct app *base);

#endif
