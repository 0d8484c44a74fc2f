/* wsgi.input: the request body, complete in a spool, as a read-only stream.
 *
 * Objects come from a free list; one that the application keeps beyond its
 * request is detached and raises. */
#include <errno.h>
#include <stdlib.h>

#include "wsgi.h"

struct input_object {
	PyObject_HEAD struct spool *body; /* NULL: detached */
};

enum { KEPT_OBJECTS = 64 };

struct input_pool {
	struct input_object *kept[KEPT_OBJECTS];
	unsigned count;
};

static struct spool *body_of(PyObject *self)
{
	struct spool *body = ((struct input_object *)self)->body;

	if (!body)
		PyErr_SetString(PyExc_ValueError,
				"wsgi.input was used after its request had ended");
	return body;
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

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct spool *body = body_of(self);
	Py_ssize_t size;
	uint64_t len;

	if (!body || !size_argument(args, nargs, &size))
		return NULL;
	len = spool_left(body);
	if (size >= 0 && (uint64_t)size < len)
		len = (uint64_t)size;
	return take(body, (size_t)len);
}

static PyObject *take_line(struct spool *body, Py_ssize_t size)
{
	ssize_t len;

	if (size == 0)
		return PyBytes_FromStringAndSize(NULL, 0);
	len = spool_line_length(body, size > 0 ? (size_t)size : 0);
	if (len < 0) {
		errno = (int)-len;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	return take(body, (size_t)len);
}

static PyObject *input_readline(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct spool *body = body_of(self);
	Py_ssize_t size;

	if (!body || !size_argument(args, nargs, &size))
		return NULL;
	return take_line(body, size);
}

static PyObject *input_next(PyObject *self)
{
	struct spool *body = body_of(self);

	if (!body || spool_left(body) == 0)
		return NULL; /* without an exception: the end */
	return take_line(body, -1);
}

static PyObject *input_readlines(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	Py_ssize_t hint;

	/* The hint may be ignored (PEP 3333), as gunicorn does. */
	if (!body_of(self) || !size_argument(args, nargs, &hint))
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

PyObject *input_get(struct input_pool *pool, struct spool *body)
{
	struct input_object *input = pool->count > 0
					     ? pool->kept[--pool->count]
					     : PyObject_New(struct input_object, &input_type);

	if (input)
		input->body = body;
	return (PyObject *)input;
}

void input_put(struct input_pool *pool, PyObject *object)
{
	struct input_object *input = (struct input_object *)object;

	input->body = NULL;
	if (Py_REFCNT(input) == 1 && pool->count < KEPT_OBJECTS)
		pool->kept[pool->count++] = input;
	else
		Py_DECREF(input);
}
