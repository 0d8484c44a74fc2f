/* Between the files of this folder: the application's state and the small
 * Python objects that a request is given. */
#ifndef UCORN_WSGI_WSGI_H
#define UCORN_WSGI_WSGI_H

#include "ucorn/conn/conn.h"
#include "ucorn/py/pyapi.h"
#include "ucorn/wsgi/app.h"

struct wsgi_app;

/* A request's Python side, in the exchange's arena from start to finish. */
struct wsgi_request {
	struct wsgi_app *app;
	struct exchange *x;
	PyObject *environ;
	PyObject *start;    /* the start_response object */
	PyObject *input;    /* wsgi.input */
	PyObject *result;   /* what the application returned */
	PyObject *iterator; /* over result, when it is neither list nor tuple */
	PyObject *context;  /* contextvars.Context, for interleaved backends */
	PyObject *pausing;  /* what ucorn.wait gave and the server is to wait for, or NULL */
	struct pause pause; /* that, for the server */
	PyObject *message;  /* what hooks and loggers see of it; NULL: nobody has looked */
};

/* How the objects begin that requests use one after the other. */
struct pooled {
	PyObject_HEAD unsigned held; /* how many of its references are a template's (templates.c) */
};

/* Whether nobody else has it: then another request may. */
static inline bool pooled_is_free(PyObject *object)
{
	return Py_REFCNT(object) == 1 + (Py_ssize_t)((struct pooled *)object)->held;
}

/* field_names.c: the environ keys of header fields. */
struct field_names;
struct field_names *field_names_new(void);
void field_names_free(struct field_names *names);

/* The key for a field of that name: a new reference, or NULL with an exception. */
PyObject *field_names_key(struct field_names *names, struct slice name);

/* environ.c: the names and the templates that environs are copied from. */
struct environ_maker;
struct environ_maker *environ_maker_new(struct wsgi_app *app, PyObject *errors,
					PyObject *file_wrapper);
void environ_maker_free(struct environ_maker *maker);

/* The environ of x: a new reference, or NULL with an exception.  input and early_hints are
 * pooled. */
PyObject *environ_new(struct environ_maker *maker, struct exchange *x, PyObject *input,
		      PyObject *early_hints);

/* The request of that environ (NULL: it never got one) is over for the application. */
void environ_leave(struct environ_maker *maker, struct exchange *x, PyObject *environ);

/* client_socket.c: environ['gunicorn.socket'], one per connection. */
struct client_socket {
	PyObject *object;
	PyObject *share; /* gives it a descriptor when it is used */
};

/* Its class, and the name of the attribute that holds share: new references, or NULL with an
 * exception. */
PyObject *client_socket_class(void);
PyObject *client_socket_attribute(void);

/* s has share, of an earlier connection, or is zeroed; it is released after a failure (with an
 * exception) too. */
bool client_socket_init(struct client_socket *s, PyObject *class, PyObject *attribute);

/* Gives back share if another connection may have it, else NULL. */
PyObject *client_socket_release(struct client_socket *s);

/* Whose descriptor a use of the object gets from now on; NULL: none. */
void client_socket_attach(struct client_socket *s, struct exchange *x);

/* Sees to it that the application can use its descriptor of x, whose status may be
 * 101; false with an exception set. */
bool client_socket_ready(struct exchange *x);

/* peer.c: what the requests of a connection have in common. */
struct peer_values {
	struct peers *peers;
	PyObject *addr, *port;
	struct client_socket socket;
};

enum { KEPT_SHARES = 64 };

/* What connections have from earlier ones. */
struct peers {
	PyObject *socket_class, *socket_attribute;
	PyObject *last_addr;	       /* of a client: one str for all of a proxy's connections */
	PyObject *shares[KEPT_SHARES]; /* of client sockets */
	unsigned n_shares;
};

bool peers_init(struct peers *p); /* false with an exception set */
void peers_release(struct peers *p);

/* Made for the first request; the connection's.  NULL with an exception. */
struct peer_values *peer_values_of(struct peers *p, struct conn *c);

/* Drops it, if there is one: also without the GIL. */
void peer_values_forget(struct conn *c);

/* start_response.c.  An object that the application has kept is cut off from
 * its request in start_response_put and raises from then on. */
struct start_pool;
struct start_pool *start_pool_new(void);
void start_pool_free(struct start_pool *pool);
PyObject *start_response_get(struct start_pool *pool, struct wsgi_request *r);
void start_response_put(struct start_pool *pool, PyObject *object);

PyObject *start_response_hints(PyObject *object); /* wsgi.early_hints; borrowed */

/* Checks and adds (name, value) tuples; false with an exception set. */
bool response_fields_take(struct response *resp, PyObject *headers);

/* early_hints.c: what wsgi.early_hints(headers) does. */
PyObject *early_hints_call(struct wsgi_request *r, PyObject *headers);

/* wait.c: ucorn.wait, one for all requests; wait_free when app is no more, or has another
 * one. */
PyObject *wait_new(struct wsgi_app *app);
void wait_free(PyObject *object);

/* Tells what the application has waited for that r->pause is over. */
void wait_over(struct wsgi_request *r);

/* input.c: wsgi.input, likewise. */
struct input_pool;
struct input_pool *input_pool_new(void);
void input_pool_free(struct input_pool *pool);
PyObject *input_get(struct input_pool *pool, struct exchange *x);
void input_put(struct input_pool *pool, PyObject *object);

/* errors_stream.c: wsgi.errors, one for all requests. */
PyObject *errors_stream_new(void);

/* file_wrapper.c: the class of wsgi.file_wrapper. */
PyObject *file_wrapper_type(void);
bool file_wrapper_is(PyObject *result);
PyObject *file_wrapper_file(PyObject *wrapper); /* borrowed */

/* message.c: the request and its response as hooks and loggers see them.  Borrowed (the
 * request's own) and new references, or NULL with an exception. */
PyObject *message_request(struct wsgi_request *r);
PyObject *message_response(struct exchange *x);
PyObject *message_of_exchange(struct exchange *x); /* new; without a wsgi_request */

/* hooks.c: pre_request and post_request, where they are set. */
bool hooks_before_request(struct wsgi_request *r); /* false with an exception */
bool hooks_adjust_environ(struct wsgi_request *r); /* likewise */
void hooks_after_request(struct wsgi_request *r);
bool hooks_take_callable(struct wsgi_app *app); /* worker.wsgi, whatever it is by now */

/* result.c: sends what the application returned. */
enum app_step result_begin(struct wsgi_request *r);
enum app_step result_more(struct wsgi_request *r);

struct wsgi_app {
	struct app app;
	PyObject *callable;
	PyObject *before, *after; /* pre_request, post_request; NULL: not set */
	PyObject *wait;		  /* ucorn.wait */
	struct wsgi_options options;
	struct environ_maker *environs;
	struct peers peers;
	struct start_pool *starts;
	struct input_pool *inputs;
	/* With options.pauses: */
	struct wsgi_request *running; /* whose code runs now; NULL: nobody's */
	unsigned long thread;	      /* on which applications run */
};

#endif
