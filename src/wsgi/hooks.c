/* pre_request and post_request.
 *
 * What pre_request changes on the request counts: environ is made after it, from the
 * request that is read back here.  How the body is framed was decided before and
 * stays.  All of it costs only where the hooks are set. */
#include "ucorn/py/errors.h"
#include "ucorn/py/objects.h"
#include "ucorn/py/signals.h"
#include "wsgi.h"

/* Reads req.NAME back into *text. */
static bool read_text(struct wsgi_request *r, const char *name, struct slice *text)
{
	PyObject *value = PyObject_GetAttrString(r->message, name);
	struct slice found;
	bool is_text = value && py_latin1(value, name, &found.base, &found.len);

	if (is_text) {
		*text = arena_copy(&r->x->conn->arena, found);
		if (!text->base) {
			is_text = false;
			PyErr_NoMemory();
		}
	}
	Py_XDECREF(value);
	return is_text;
}

/* One (name, value) of req.headers. */
static bool read_field(struct wsgi_request *r, PyObject *pair, struct http_field *field)
{
	struct arena *arena = &r->x->conn->arena;
	PyObject *both = PySequence_Fast(pair, "a header has to be (name, value)");
	struct slice name, value;
	bool is_field = false;

	if (both && PySequence_Fast_GET_SIZE(both) != 2)
		PyErr_SetString(PyExc_ValueError, "a header has to be (name, value)");
	else if (both)
		is_field = py_latin1(PySequence_Fast_GET_ITEM(both, 0), "a header's name",
				     &name.base, &name.len) &&
			   py_latin1(PySequence_Fast_GET_ITEM(both, 1), "a header's value",
				     &value.base, &value.len);
	if (is_field) {
		field->name = arena_copy(arena, name);
		field->known = known_field(name);
		field->value = arena_copy(arena, value);
		if (!field->name.base || !field->value.base) {
			is_field = false;
			PyErr_NoMemory();
		}
	}
	Py_XDECREF(both);
	return is_field;
}

static bool read_headers(struct wsgi_request *r)
{
	struct http_request *req = &r->x->request;
	PyObject *headers = PyObject_GetAttrString(r->message, "headers"), *list = NULL;
	struct http_field *fields = NULL;
	Py_ssize_t count = 0, done = 0;

	if (headers)
		list = PySequence_Fast(headers, "req.headers has to be a list");
	if (list) {
		count = PySequence_Fast_GET_SIZE(list);
		fields = arena_alloc(&r->x->conn->arena, ((size_t)count + 1) * sizeof(*fields));
	}
	if (list && !fields)
		PyErr_NoMemory();
	while (fields && done < count &&
	       read_field(r, PySequence_Fast_GET_ITEM(list, done), &fields[done]))
		done++;
	Py_XDECREF(list);
	Py_XDECREF(headers);
	if (!fields || done < count)
		return false;
	req->fields = fields;
	req->n_fields = (size_t)count;
	return true;
}

/* force_close(), or must_close = True. */
static bool read_must_close(struct wsgi_request *r)
{
	PyObject *value = PyObject_GetAttrString(r->message, "must_close");
	int is_true = value ? PyObject_IsTrue(value) : -1;

	if (is_true > 0)
		r->x->request.keep_alive = false;
	Py_XDECREF(value);
	return is_true >= 0;
}

bool hooks_take_callable(struct wsgi_app *app)
{
	PyObject *callable = PyObject_GetAttrString(object_worker(), "wsgi");

	if (!callable)
		return false;
	Py_XSETREF(app->callable, callable);
	return true;
}

static bool read_back(struct wsgi_request *r)
{
	struct http_request *req = &r->x->request;

	return read_text(r, "method", &req->method) && read_text(r, "uri", &req->target) &&
	       read_text(r, "path", &req->path) && read_text(r, "query", &req->query) &&
	       read_headers(r) && read_must_close(r) && hooks_take_callable(r->app);
}

bool hooks_before_request(struct wsgi_request *r)
{
	PyObject *request = message_request(r), *result = NULL;

	if (!request)
		return false;
	worker_object_before_request();
	result = PyObject_CallFunctionObjArgs(r->app->before, object_worker(), request, NULL);
	worker_object_in_request();
	Py_XDECREF(result);
	return result && read_back(r);
}

bool hooks_adjust_environ(struct wsgi_request *r)
{
	PyObject *scheme = PyObject_GetAttrString(r->message, "scheme");
	int rc = scheme ? PyDict_SetItemString(r->environ, "wsgi.url_scheme", scheme) : -1;

	Py_XDECREF(scheme);
	return rc == 0;
}

void hooks_after_request(struct wsgi_request *r)
{
	PyObject *type, *value, *trace;
	PyObject *request, *response, *environ, *result = NULL;

	PyErr_Fetch(&type, &value, &trace);
	request = message_request(r);
	/* As under gunicorn, where pre_request has raised. */
	response = r->environ ? message_response(r->x) : Py_NewRef(Py_None);
	environ = r->environ ? Py_NewRef(r->environ) : PyDict_New();
	if (request && response && environ)
		result = PyObject_CallFunctionObjArgs(r->app->after, object_worker(), request,
						      environ, response, NULL);
	if (!result && !py_signals_postpone_exit())
		py_error_log("Exception in post_request hook");
	Py_XDECREF(result);
	Py_XDECREF(environ);
	Py_XDECREF(response);
	PyErr_Restore(type, value, trace);
}
