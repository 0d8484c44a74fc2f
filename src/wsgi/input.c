/* wsgi.input: the request body as a read-only stream.
 *
 * Usually all of it is in a spool; where bodies are streamed, reading waits for
 * what has not come yet.
 *
 * Objects come from a free list; one that the application keeps beyond its
 * request is detached and raises. */
#include <errno.h>
#include <stdlib.h>

#include "wsgi.h"

struct input_object {
	struct pooled pooled;
	struct exchange *exchange; /* NULL: detached */
};

enum { KEPT_OBJECTS = 64 };

struct input_pool {
	struct input_object *kept[KEPT_OBJECTS];
	unsigned count;
};

static struct exchange *exchange_of(PyObject *self)
{
	struct exchange *x = ((struct input_object *)self)->exchange;

	if (!x)
		PyErr_SetString(PyExc_ValueError,
				"wsgi.input was used after its request had ended");
	return x;
}

/* The optional size argument: -1 for None, none or a negative number. */
static bool size_argument(PyObject *const *args, Py_ssize_t nargs, Py_ssize_t *size)
{
	*size = -1;
	if (nargs > 1) {
		PyErr_SetString(PyExc_TypeError, "at most one argument is taken: the size");
		return false;
	}
	if (nargs == 0 || args[0] == Py_None)
		return true;
	*size = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
	return *size != -1 || !PyErr_Occurred();
}

/* ---- what is there */

/* The next len bytes (there are as many) as a bytes object. */
static PyObject *take(struct spool *body, size_t len)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)len);
	size_t got = 0;
	ssize_t n;

	while (bytes && got < len) {
		n = spool_read(body, PyBytes_AS_STRING(bytes) + got, len - got);
		if (n <= 0) {
			Py_DECREF(bytes);
			errno = n < 0 ? (int)-n : EIO;
			return PyErr_SetFromErrno(PyExc_OSError);
		}
		got += (size_t)n;
	}
	return bytes;
}

/* How much of what is there a read(size) takes; -1: an exception is set. */
static ssize_t part_of_read(struct spool *body, Py_ssize_t size, bool *enough)
{
	uint64_t left = spool_left(body);
	uint64_t len = size >= 0 && (uint64_t)size < left ? (uint64_t)size : left;

	*enough = size >= 0 && (uint64_t)size == len;
	return (ssize_t)len;
}

/* Likewise of a readline(size): up to a line's end. */
static ssize_t part_of_line(struct spool *body, Py_ssize_t size, bool *enough)
{
	ssize_t len = size == 0 ? 0 : spool_line_length(body, size > 0 ? (size_t)size : 0, enough);

	if (len < 0) {
		errno = (int)-len;
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	if (len == size)
		*enough = true;
	return len;
}

typedef ssize_t part_fn(struct spool *body, Py_ssize_t size, bool *enough);

/* ---- what is still to come */

static bool more_failed(int rc)
{
	static const char *const words[] = {"the request's body is malformed",
					    "the request's body is too large"};

	if (PyErr_Occurred()) /* raised while it waited: a timeout of gevent's, say */
		return false;
	if (rc == -EBADMSG || rc == -EFBIG) {
		PyErr_SetString(PyExc_OSError, words[rc == -EFBIG]);
	} else {
		errno = -rc;
		PyErr_SetFromErrno(PyExc_OSError);
	}
	return false;
}

/* Appends pieces to *bytes, which may be NULL after a failure, until there are
 * enough or the body has ended. */
static bool gather(struct exchange *x, PyObject **bytes, Py_ssize_t size, part_fn *part)
{
	bool enough = false;

	while (!enough) {
		Py_ssize_t wanted = size >= 0 ? size - PyBytes_GET_SIZE(*bytes) : -1;
		int rc = exchange_body_more(x);
		ssize_t len;

		if (rc < 0)
			return more_failed(rc);
		if (rc == 0)
			break;
		len = part(&x->body, wanted, &enough);
		if (len < 0)
			return false;
		PyBytes_ConcatAndDel(bytes, take(&x->body, (size_t)len));
		if (!*bytes)
			return false;
	}
	return true;
}

/* What is there, and, where that is not enough, what comes. */
static PyObject *take_parts(struct exchange *x, Py_ssize_t size, part_fn *part)
{
	bool enough = false;
	ssize_t len = part(&x->body, size, &enough);
	PyObject *bytes = len >= 0 ? take(&x->body, (size_t)len) : NULL;

	if (!bytes || enough || x->body_complete)
		return bytes;
	if (!gather(x, &bytes, size, part))
		Py_CLEAR(bytes);
	return bytes;
}

/* ---- methods */

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct exchange *x = exchange_of(self);
	Py_ssize_t size;

	if (!x || !size_argument(args, nargs, &size))
		return NULL;
	return take_parts(x, size, part_of_read);
}

static PyObject *input_readline(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct exchange *x = exchange_of(self);
	Py_ssize_t size;

	if (!x || !size_argument(args, nargs, &size))
		return NULL;
	return take_parts(x, size, part_of_line);
}

static PyObject *input_next(PyObject *self)
{
	struct exchange *x = exchange_of(self);
	PyObject *line = x ? take_parts(x, -1, part_of_line) : NULL;

	if (line && PyBytes_GET_SIZE(line) == 0)
		Py_CLEAR(line); /* without an exception: the end */
	return line;
}

static PyObject *input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	Py_ssize_t hint;

	/* The hint may be ignored (PEP 3333), as gunicorn does. */
	if (!exchange_of(self) || !size_argument(args, nargs, &hint))
		return NULL;
	return PySequence_List(self);
}

static PyMethodDef input_methods[] = {
	{"read", (PyCFunction)(void (*)(void))input_read, METH_FASTCALL,
	 "read(size=None): the next size bytes, or all that are left"},
	{"readline", (PyCFunction)(void (*)(void))input_readline, METH_FASTCALL,
	 "readline(size=None): the next line, with its line end"},
	{"readlines", (PyCFunction)(void (*)(void))input_readlines, METH_FASTCALL,
	 "readlines(hint=None): all lines that are left"},
	{0},
};

static PyTypeObject input_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.input",
	.tp_basicsize = sizeof(struct input_object),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_methods = input_methods,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = input_next,
	.tp_doc = "wsgi.input: the body of a request.",
};

struct input_pool *input_pool_new(void)
{
	if (PyType_Ready(&input_type) < 0)
		return NULL;
	return calloc(1, sizeof(struct input_pool));
}

void input_pool_free(struct input_pool *pool)
{
	if (!pool)
		return;
	while (pool->count > 0)
		Py_DECREF(pool->kept[--pool->count]);
	free(pool);
}

PyObject *input_get(struct input_pool *pool, struct exchange *x)
{
	struct input_object *input;

	if (pool->count > 0) {
		input = pool->kept[--pool->count];
	} else {
		input = PyObject_New(struct input_object, &input_type);
		if (!input)
			return NULL;
		input->pooled.held = 0;
	}
	input->exchange = x;
	return (PyObject *)input;
}

void input_put(struct input_pool *pool, PyObject *object)
{
	struct input_object *input = (struct input_object *)object;

	input->exchange = NULL;
	if (pooled_is_free(object) && pool->count < KEPT_OBJECTS)
		pool->kept[pool->count++] = input;
	else
		Py_DECREF(input);
}
