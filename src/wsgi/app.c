/* A WSGI application behind the app vtable: start builds the environ and calls
 * the application, more goes on with its iterable, finish closes it.
 *
 * An exception of the application is logged where it happened and turns into a
 * 500 or, behind the head, into a cut connection; it never leaves this folder. */
#include "ucorn/wsgi/app.h"

#include <stdlib.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/objects.h"
#include "ucorn/py/pylib.h"
#include "ucorn/util/log.h"
#include "ucorn/util/quote.h"
#include "wsgi.h"

static struct wsgi_app *of_app(struct app *app)
{
	return container_of(app, struct wsgi_app, app);
}

static enum app_step request_failed(struct wsgi_request *r)
{
	static const struct slice no_message;
	const struct http_request *req = &r->x->request;
	struct quoted method, target;

	/* How an application says that it has answered by itself, on gunicorn.socket. */
	if (PyErr_ExceptionMatches(PyExc_StopIteration)) {
		log_debug("Closing connection: the application raised StopIteration");
		PyErr_Clear();
		exchange_let_go(r->x);
		return APP_DONE;
	}
	/* What a client that has gone makes fail is no error of the application. */
	if (r->x->conn->lost) {
		log_debug("Ignored an exception after the client had gone");
		PyErr_Clear();
		return APP_DONE;
	}
	py_error_log("Error handling request %s %s", quoted(req->method, &method),
		     quoted(req->target, &target));
	exchange_fail(r->x, HTTP_ERR_APPLICATION, no_message);
	return APP_DONE;
}

/* What the request needs before the application can be called. */
static bool request_prepare(struct wsgi_request *r)
{
	struct wsgi_app *app = r->app;

	r->input = input_get(app->inputs, r->x);
	if (!r->input)
		return false;
	r->start = start_response_get(app->starts, r);
	if (!r->start)
		return false;
	if (app->options.interleaved)
		r->context = PyContext_CopyCurrent();
	return !app->options.interleaved || r->context;
}

static bool context_enter(struct wsgi_request *r)
{
	r->app->running = r;
	return !r->context || PyContext_Enter(r->context) == 0;
}

/* The application has returned. */
static void context_leave(struct wsgi_request *r)
{
	r->app->running = NULL;
	if (interp_is_copy())
		interp_leave_copy();
	if (r->context && PyContext_Exit(r->context) < 0)
		py_error_log("Cannot leave a request's context");
}

static enum app_step request_call(struct wsgi_request *r)
{
	PyObject *args[3] = {NULL, NULL, r->start}, *callable;

	if (r->app->before && !hooks_before_request(r))
		return APP_DONE;
	r->environ = environ_new(r->app->environs, r->x, r->input, start_response_hints(r->start));
	if (!r->environ || (r->app->before && !hooks_adjust_environ(r)))
		return APP_DONE;
	args[1] = r->environ;
	/* A hook in another thread may put another in its place. */
	callable = Py_NewRef(r->app->callable);
	r->result =
		PyObject_Vectorcall(callable, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
	Py_DECREF(callable);
	return r->result ? result_begin(r) : APP_DONE;
}

static enum app_step wsgi_start(struct app *base, struct exchange *x)
{
	struct wsgi_request *r = arena_alloc(&x->conn->arena, sizeof(*r));
	enum app_step step = APP_DONE;

	x->app_state = r;
	if (!r) {
		exchange_abort(x);
		return APP_DONE;
	}
	*r = (struct wsgi_request){.app = of_app(base), .x = x};
	if (request_prepare(r) && context_enter(r)) {
		step = request_call(r);
		context_leave(r);
	}
	return PyErr_Occurred() ? request_failed(r) : step;
}

static enum app_step wsgi_more(struct app *base, struct exchange *x)
{
	struct wsgi_request *r = x->app_state;
	enum app_step step = APP_DONE;

	UNUSED(base);
	if (context_enter(r)) {
		wait_over(r);
		step = result_more(r);
		context_leave(r);
	}
	return PyErr_Occurred() ? request_failed(r) : step;
}

/* PEP 3333: close() of the iterable is called however the request ended. */
static void result_close(struct wsgi_request *r)
{
	PyObject *close, *done = NULL;
	struct quoted method, target;

	if (!r->result || PyList_CheckExact(r->result) || PyTuple_CheckExact(r->result))
		return;
	close = PyObject_GetAttrString(r->result, "close");
	if (!close) {
		PyErr_Clear();
		return;
	}
	done = PyObject_CallNoArgs(close);
	if (!done)
		py_error_log("Error closing the response of %s %s",
			     quoted(r->x->request.method, &method),
			     quoted(r->x->request.target, &target));
	Py_XDECREF(done);
	Py_DECREF(close);
}

static void wsgi_finish(struct app *base, struct exchange *x)
{
	struct wsgi_app *app = of_app(base);
	struct wsgi_request *r = x->app_state;

	x->app_state = NULL;
	if (!r)
		return;
	/* In its context: what is let go of here may run the application's code. */
	if (context_enter(r)) {
		app->running = NULL; /* whose response could still wait */
		result_close(r);
		if (app->after)
			hooks_after_request(r);
		Py_CLEAR(r->message);
		Py_CLEAR(r->pausing);
		Py_CLEAR(r->iterator);
		Py_CLEAR(r->result);
		environ_leave(app->environs, x, r->environ);
		Py_CLEAR(r->environ);
		context_leave(r);
	}
	if (r->start)
		start_response_put(app->starts, r->start);
	if (r->input)
		input_put(app->inputs, r->input);
	Py_XDECREF(r->context);
}

static void wsgi_forget(struct app *base, struct conn *c)
{
	UNUSED(base);
	peer_values_forget(c);
}

/* The bytes of str(value), copied to where they live as long as the request.  A WSGI
 * string is bytes as latin-1; what is none is real text, and becomes UTF-8. */
static bool value_text(struct exchange *x, PyObject *value, struct slice *text)
{
	PyObject *str = PyObject_Str(value), *bytes = NULL;

	*text = slice_of(NULL, 0);
	if (str)
		bytes = PyUnicode_AsLatin1String(str);
	if (str && !bytes) {
		PyErr_Clear();
		bytes = PyUnicode_AsUTF8String(str);
	}
	if (bytes)
		*text = arena_copy(&x->conn->arena, slice_of(PyBytes_AS_STRING(bytes),
							     (size_t)PyBytes_GET_SIZE(bytes)));
	PyErr_Clear();
	Py_XDECREF(bytes);
	Py_XDECREF(str);
	return text->base != NULL;
}

/* Access formats name keys in any case, as gunicorn's do. */
static bool wsgi_lookup(struct app *base, struct exchange *x, struct slice key, struct slice *text)
{
	struct wsgi_request *r = x->app_state;
	PyObject *name, *value;
	Py_ssize_t at = 0, len;

	UNUSED(base);
	if (!r || !r->environ)
		return false;
	while (PyDict_Next(r->environ, &at, &name, &value)) {
		const char *utf8 =
			PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &len) : NULL;

		if (utf8 && slice_eq_nocase(slice_of(utf8, (size_t)len), key))
			return value_text(x, value, text);
		PyErr_Clear();
	}
	return false;
}

static const struct app_ops wsgi_ops = {
	.start = wsgi_start,
	.more = wsgi_more,
	.finish = wsgi_finish,
	.forget = wsgi_forget,
	.lookup = wsgi_lookup,
};

/* For a SpecError: its class says with which code a worker ends. */
static int spec_failed(struct err *err)
{
	PyObject *type, *value, *trace, *code;
	long number = 4;

	PyErr_Fetch(&type, &value, &trace);
	code = PyObject_GetAttrString(type, "exit_code");
	if (code)
		number = PyLong_AsLong(code);
	Py_XDECREF(code);
	PyErr_Restore(type, value, trace);
	return py_error_sentence(err, (int)number, "Failed to find the application.");
}

/* Puts the exception that ended the load into err, as wsgi_app_load says. */
static void load_failed(PyObject *spec_error, struct err *err)
{
	int code;

	if (spec_error && PyErr_ExceptionMatches(spec_error)) {
		spec_failed(err);
	} else if (py_error_is_exit(&code)) {
		err_set_exit(err, code, "%s", "");
	} else {
		py_error_log("Exception in worker process");
		err_set_exit(err, 3, "%s", "");
	}
}

struct app *wsgi_app_load(const char *spec, struct err *err)
{
	struct wsgi_app *app = calloc(1, sizeof(*app));
	PyObject *loader, *spec_error = NULL, *proxy = NULL;

	if (!app) {
		err_set_exit(err, 3, "Out of memory");
		return NULL;
	}
	app->app.ops = &wsgi_ops;
	loader = pylib_import("ucorn.loader");
	if (loader)
		spec_error = PyObject_GetAttrString(loader, "SpecError");
	/* Through the object that hooks see: it may have the application already. */
	if (spec_error)
		proxy = PyObject_GetAttrString(object_server(), "app");
	if (proxy)
		app->callable = PyObject_CallMethod(proxy, "_load", "s", spec);
	Py_XDECREF(proxy);
	if (!app->callable) {
		load_failed(spec_error, err);
		free(app);
		app = NULL;
	}
	Py_XDECREF(spec_error);
	Py_XDECREF(loader);
	return app ? &app->app : NULL;
}

struct app *wsgi_app_of_worker(struct err *err)
{
	struct wsgi_app *app = calloc(1, sizeof(*app));

	if (app && hooks_take_callable(app)) {
		app->app.ops = &wsgi_ops;
		return &app->app;
	}
	if (app)
		py_error_log("The worker has no application");
	err_set_exit(err, 3, "%s", app ? "" : "Out of memory");
	free(app);
	return NULL;
}

int wsgi_app_show(struct app *base, struct err *err)
{
	if (PyObject_SetAttrString(object_worker(), "wsgi", of_app(base)->callable) == 0)
		return 0;
	py_error_log("Cannot show the application to hooks");
	return err_set_exit(err, 3, "%s", "");
}

/* What wsgi_app_configure has made. */
static void configuration_drop(struct wsgi_app *app)
{
	environ_maker_free(app->environs);
	wait_free(app->wait);
	start_pool_free(app->starts);
	input_pool_free(app->inputs);
	peers_release(&app->peers);
	app->environs = NULL;
	app->wait = NULL;
	app->starts = NULL;
	app->inputs = NULL;
	Py_CLEAR(app->after);
	Py_CLEAR(app->before);
}

int wsgi_app_configure(struct app *base, const struct wsgi_options *options, struct err *err)
{
	struct wsgi_app *app = of_app(base);
	PyObject *errors = errors_stream_new(), *wrapper = file_wrapper_type();

	configuration_drop(app);
	app->options = *options;
	app->before = Py_XNewRef(hook_function(HOOK_PRE_REQUEST));
	app->after = Py_XNewRef(hook_function(HOOK_POST_REQUEST));
	app->starts = start_pool_new();
	app->inputs = input_pool_new();
	app->wait = wait_new(app);
	app->thread = PyThread_get_thread_ident();
	if (errors && wrapper && app->wait && peers_init(&app->peers))
		app->environs = environ_maker_new(app, errors, wrapper);
	Py_XDECREF(errors);
	Py_XDECREF(wrapper);
	if (app->starts && app->inputs && app->environs &&
	    (!object_worker() || hooks_take_callable(app)))
		return 0;
	py_error_log("Cannot prepare the WSGI environment");
	return err_set_exit(err, 3, "Cannot prepare the WSGI environment");
}

void wsgi_warm(void)
{
	PyObject *errors = errors_stream_new(), *wrapper = file_wrapper_type();
	PyObject *socket_class = client_socket_class();

	start_pool_free(start_pool_new());
	input_pool_free(input_pool_new());
	if (PyErr_Occurred()) /* a worker will meet it again, and say so */
		PyErr_Clear();
	Py_XDECREF(socket_class);
	Py_XDECREF(wrapper);
	Py_XDECREF(errors);
}

void wsgi_app_free(struct app *base)
{
	struct wsgi_app *app;

	if (!base)
		return;
	app = of_app(base);
	gil_do_due(); /* what connections have left to do with its objects */
	configuration_drop(app);
	Py_XDECREF(app->callable);
	free(app);
}
