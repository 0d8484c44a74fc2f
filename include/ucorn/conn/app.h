/* What a connection needs of an application.  WSGI is one, the C echo
 * application of the tests and benches another. */
#ifndef UCORN_CONN_APP_H
#define UCORN_CONN_APP_H

#include "ucorn/util/slice.h"

struct app;
struct conn;
struct exchange;

enum app_step {
	APP_DONE,  /* the whole response is queued, or the exchange has failed */
	APP_MORE,  /* call more when what is queued has been written */
	APP_PAUSE, /* likewise, and not before what x->pause says */
};

struct app_ops {
	/* A request has come, with its body unless bodies are streamed: begins its response with the functions of
	 * exchange.h.  Called once per exchange, on the application's side. */
	enum app_step (*start)(struct app *app, struct exchange *x);

	/* Goes on with a response that start or more left unfinished. */
	enum app_step (*more)(struct app *app, struct exchange *x);

	/* Lets go of everything held for x.  Called exactly once after start, on
	 * the application's side: when the response is done, or when it will
	 * never be because the client has gone. */
	void (*finish)(struct app *app, struct exchange *x);

	/* Lets go of c->app_data; called once, when c closes.  May be NULL. */
	void (*forget)(struct app *app, struct conn *c);

	/* The text of an environ key, for the access log; false: none.  May be
	 * NULL.  The text is valid until finish. */
	bool (*lookup)(struct app *app, struct exchange *x, struct slice key, struct slice *text);
};

struct app {
	const struct app_ops *ops;
};

#endif
