/* start_response, the write callable it returns (PEP 3333), and wsgi.early_hints.
 *
 * Status and fields are checked and serialised in the call itself, so that the
 * application sees its mistake as an exception where it made it.  The objects
 * come from a free list; one that the application keeps beyond its request is
 * detached and only raises. */
#include <stdlib.h>

#include "wsgi.h"

struct start_object {
	PyObject_HEAD vectorcallfunc call;
	struct wsgi_request *request; /* NULL: detached */
	PyObject *writer, *hints;     /* its companions */
};

struct companion {
	struct pooled pooled;
	vectorcallfunc call;
	struct wsgi_request *request; /* NULL: detached */
};

enum { KEPT_OBJECTS = 64 };

struct start_pool {
	struct start_object *kept[KEPT_OBJECTS];
	unsigned count;
};

static bool is_attached(struct wsgi_request *request, const char *what)
{
	if (request)
		return true;
	PyErr_Format(PyExc_RuntimeError, "%s was called after its request had ended", what);
	return false;
}

/* ---- write() */

static PyObject *writer_call(PyObject *self, PyObject *const *args, size_t nf, PyObject *names)
{
	struct wsgi_request *r = ((struct companion *)self)->request;
	struct exchange *x;

	if (!is_attached(r, "write"))
		return NULL;
	x = r->x;
	if (names || PyVectorcall_NARGS(nf) != 1 || !PyBytes_Check(args[0])) {
		PyErr_SetString(PyExc_TypeError, "write() takes one bytes object");
		return NULL;
	}
	if (!x->response.started) {
		PyErr_SetString(PyExc_AssertionError, "write() was called before start_response");
		return NULL;
	}
	/* PEP 3333: the head does not go out before the first non-empty piece. */
	if (PyBytes_GET_SIZE(args[0]) == 0)
		Py_RETURN_NONE;
	if (exchange_send(x,
			  slice_of(PyBytes_AS_STRING(args[0]), (size_t)PyBytes_GET_SIZE(args[0])),
			  NULL, NULL) < 0)
		return PyErr_NoMemory();
	if (exchange_flush(x) < 0) {
		if (!PyErr_Occurred()) /* raised while it waited: a timeout of gevent's, say */
			PyErr_SetString(PyExc_BrokenPipeError, "the client has gone");
		return NULL;
	}
	Py_RETURN_NONE;
}

static PyTypeObject writer_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.write",
	.tp_basicsize = sizeof(struct companion),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.tp_vectorcall_offset = offsetof(struct companion, call),
	.tp_call = PyVectorcall_Call,
	.tp_doc = "Sends a piece of the response (legacy of PEP 3333).",
};

/* ---- wsgi.early_hints() */

static PyObject *hints_call(PyObject *self, PyObject *const *args, size_t nf, PyObject *names)
{
	struct wsgi_request *r = ((struct companion *)self)->request;

	if (!is_attached(r, "early_hints"))
		return NULL;
	if (names || PyVectorcall_NARGS(nf) != 1) {
		PyErr_SetString(PyExc_TypeError,
				"early_hints() takes a list of (name, value) tuples");
		return NULL;
	}
	return early_hints_call(r, args[0]);
}

static PyTypeObject hints_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.early_hints",
	.tp_basicsize = sizeof(struct companion),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.tp_vectorcall_offset = offsetof(struct companion, call),
	.tp_call = PyVectorcall_Call,
	.tp_doc = "early_hints(headers): sends 103 Early Hints.",
};

/* ---- start_response() */

static bool fault_raise(enum response_fault fault, PyObject *culprit)
{
	static const char *const formats[] = {
		[RESPONSE_BAD_STATUS] = "Invalid HTTP status: %R",
		[RESPONSE_BAD_NAME] = "Invalid HTTP header name: %R",
		[RESPONSE_BAD_VALUE] = "Invalid HTTP header value: %R",
		[RESPONSE_BAD_LENGTH] = "Content-Length has to be digits: %R",
	};

	if (fault == RESPONSE_OK)
		return true;
	if (fault == RESPONSE_NO_MEMORY)
		PyErr_NoMemory();
	else
		PyErr_Format(PyExc_ValueError, formats[fault], culprit);
	return false;
}

static bool field_take(struct response *resp, PyObject *field)
{
	struct slice name, value;

	if (!PyTuple_Check(field) || PyTuple_GET_SIZE(field) != 2) {
		PyErr_SetString(PyExc_TypeError,
				"response headers have to be (name, value) tuples");
		return false;
	}
	if (!py_latin1(PyTuple_GET_ITEM(field, 0), "a header name", &name.base, &name.len) ||
	    !py_latin1(PyTuple_GET_ITEM(field, 1), "a header value", &value.base, &value.len))
		return false;
	return fault_raise(response_field(resp, name, value), field);
}

bool response_fields_take(struct response *resp, PyObject *headers)
{
	if (!PyList_Check(headers)) {
		PyErr_Format(PyExc_TypeError, "response headers have to be a list, not %.100s",
			     Py_TYPE(headers)->tp_name);
		return false;
	}
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(headers); i++)
		if (!field_take(resp, PyList_GET_ITEM(headers, i)))
			return false;
	return true;
}

/* Raises what exc_info holds: (type, value, traceback). */
static void exc_info_raise(PyObject *exc_info)
{
	if (PyTuple_Check(exc_info) && PyTuple_GET_SIZE(exc_info) == 3 &&
	    PyExceptionClass_Check(PyTuple_GET_ITEM(exc_info, 0)))
		PyErr_Restore(Py_NewRef(PyTuple_GET_ITEM(exc_info, 0)),
			      Py_NewRef(PyTuple_GET_ITEM(exc_info, 1)),
			      PyTuple_GET_ITEM(exc_info, 2) == Py_None
				      ? NULL
				      : Py_NewRef(PyTuple_GET_ITEM(exc_info, 2)));
	else
		PyErr_SetString(PyExc_TypeError,
				"exc_info has to be what sys.exc_info() gives in an except block");
}

/* Whether (re)starting is allowed now. */
static bool may_start(const struct response *resp, PyObject *exc_info)
{
	if (exc_info == Py_None)
		exc_info = NULL;
	if (exc_info && resp->head_sent) {
		exc_info_raise(exc_info);
		return false;
	}
	if (!exc_info && resp->started) {
		PyErr_SetString(PyExc_AssertionError, "Response headers already set!");
		return false;
	}
	return true;
}

/* The arguments by position and by name; false when they do not fit. */
static bool start_arguments(PyObject *const *args, size_t nf, PyObject *names, PyObject *found[3])
{
	static const char *const known[][2] = {
		{"status", "status"}, {"headers", "response_headers"}, {"exc_info", "exc_info"}};
	Py_ssize_t positional = PyVectorcall_NARGS(nf), named = names ? PyTuple_GET_SIZE(names) : 0;

	for (Py_ssize_t i = 0; i < positional && i < 3; i++)
		found[i] = args[i];
	for (Py_ssize_t i = 0; i < named; i++) {
		const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, i));
		size_t k = 0;

		if (!name)
			return false;
		while (k < 3 && strcmp(name, known[k][0]) != 0 && strcmp(name, known[k][1]) != 0)
			k++;
		if (k == 3 || found[k])
			return false;
		found[k] = args[positional + i];
	}
	return positional <= 3 && found[0] && found[1];
}

static PyObject *start_call(PyObject *self, PyObject *const *args, size_t nf, PyObject *names)
{
	struct start_object *start = (struct start_object *)self;
	PyObject *found[3] = {NULL, NULL, NULL};
	struct response *resp;
	struct slice status;

	if (!is_attached(start->request, "start_response"))
		return NULL;
	if (!start_arguments(args, nf, names, found)) {
		PyErr_SetString(PyExc_TypeError,
				"start_response takes (status, headers, exc_info=None)");
		return NULL;
	}
	resp = &start->request->x->response;
	if (!may_start(resp, found[2]))
		return NULL;
	if (!py_latin1(found[0], "the status", &status.base, &status.len) ||
	    !fault_raise(response_start(resp, status), found[0]) ||
	    !response_fields_take(resp, found[1])) {
		response_reset(resp);
		return NULL;
	}
	if (start->request->x->shared && !client_socket_ready(start->request->x))
		return NULL;
	return Py_NewRef(start->writer);
}

static void start_dealloc(PyObject *self)
{
	Py_XDECREF(((struct start_object *)self)->writer);
	Py_XDECREF(((struct start_object *)self)->hints);
	PyObject_Free(self);
}

static PyTypeObject start_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.start_response",
	.tp_basicsize = sizeof(struct start_object),
	.tp_dealloc = start_dealloc,
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
	.tp_vectorcall_offset = offsetof(struct start_object, call),
	.tp_call = PyVectorcall_Call,
	.tp_doc = "start_response(status, response_headers, exc_info=None)",
};

/* ---- the free list */

static PyObject *companion_new(PyTypeObject *type, vectorcallfunc call)
{
	struct companion *companion = PyObject_New(struct companion, type);

	if (!companion)
		return NULL;
	companion->pooled.held = 0;
	companion->call = call;
	companion->request = NULL;
	return (PyObject *)companion;
}

static struct start_object *start_new(void)
{
	struct start_object *start = PyObject_New(struct start_object, &start_type);

	if (!start)
		return NULL;
	start->call = start_call;
	start->request = NULL;
	start->writer = companion_new(&writer_type, writer_call);
	start->hints = companion_new(&hints_type, hints_call);
	if (!start->writer || !start->hints) {
		Py_DECREF(start);
		return NULL;
	}
	return start;
}

static void attach(struct start_object *start, struct wsgi_request *r)
{
	start->request = r;
	((struct companion *)start->writer)->request = r;
	((struct companion *)start->hints)->request = r;
}

struct start_pool *start_pool_new(void)
{
	if (PyType_Ready(&start_type) < 0 || PyType_Ready(&writer_type) < 0 ||
	    PyType_Ready(&hints_type) < 0)
		return NULL;
	return calloc(1, sizeof(struct start_pool));
}

void start_pool_free(struct start_pool *pool)
{
	if (!pool)
		return;
	while (pool->count > 0)
		Py_DECREF(pool->kept[--pool->count]);
	free(pool);
}

PyObject *start_response_get(struct start_pool *pool, struct wsgi_request *r)
{
	struct start_object *start = pool->count > 0 ? pool->kept[--pool->count] : start_new();

	if (!start)
		return NULL;
	attach(start, r);
	return (PyObject *)start;
}

void start_response_put(struct start_pool *pool, PyObject *object)
{
	struct start_object *start = (struct start_object *)object;

	attach(start, NULL);
	/* Reused only if nobody else has any of the objects. */
	if (Py_REFCNT(start) == 1 && pooled_is_free(start->writer) &&
	    pooled_is_free(start->hints) && pool->count < KEPT_OBJECTS)
		pool->kept[pool->count++] = start;
	else
		Py_DECREF(start);
}

PyObject *start_response_hints(PyObject *object)
{
	return ((struct start_object *)object)->hints;
}
