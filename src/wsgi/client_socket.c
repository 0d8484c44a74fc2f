/* environ['gunicorn.socket'], by which an application can take the connection over,
 * for websockets mostly.
 *
 * A connection has one such object, of a class in pylib/ucorn/client_socket.py.
 * It costs next to nothing until it is used; then it calls the share object made
 * here (or left by an earlier connection), which gives it a descriptor of the running
 * exchange.  The share object knows that exchange only from its environ to its end, so
 * what an application keeps for longer does no harm.
 *
 * Who then takes the connection over is decided elsewhere: start_response that
 * was never called (result.c), or StopIteration (app.c). */
#include <errno.h>
#include <unistd.h>

#include "ucorn/py/pylib.h"
#include "wsgi.h"

struct share_object {
	PyObject_HEAD struct exchange *exchange; /* NULL: none is running */
	bool used;
};

/* The head of a 101 goes out before what the application sends by itself, and
 * none of it may be left for later. */
static int switch_protocols(struct exchange *x)
{
	int rc = exchange_head(x, -1);

	if (rc == 0)
		rc = exchange_flush(x);
	if (rc == 0 && !outq_empty(&x->conn->out))
		rc = -EAGAIN;
	return rc;
}

bool client_socket_ready(struct exchange *x)
{
	int rc = x->response.status == 101 ? switch_protocols(x) : 0;

	if (rc == 0)
		return true;
	errno = -rc;
	PyErr_SetFromErrno(PyExc_OSError);
	return false;
}

/* A descriptor, -1 when there is nothing to share, or NULL with an exception set. */
static PyObject *share_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct share_object *share = (struct share_object *)self;
	PyObject *number;
	int fd;

	UNUSED(args);
	UNUSED(kwargs);
	if (!share->exchange)
		return PyLong_FromLong(-1);
	fd = exchange_share(share->exchange);
	if (fd < 0) {
		errno = -fd;
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	share->used = true;
	number = client_socket_ready(share->exchange) ? PyLong_FromLong(fd) : NULL;
	if (!number)
		close(fd);
	return number;
}

static PyTypeObject share_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.share",
	.tp_basicsize = sizeof(struct share_object),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_call = share_call,
	.tp_doc = "Gives a descriptor of a client's connection.",
};

PyObject *client_socket_class(void)
{
	if (PyType_Ready(&share_type) < 0)
		return NULL;
	return pylib_call("ucorn.client_socket", "unused_class", NULL);
}

PyObject *client_socket_attribute(void)
{
	return PyUnicode_InternFromString("_share");
}

/* Without __init__, which would ask the kernel for a socket. */
static PyObject *object_new(PyObject *class, PyObject *attribute, PyObject *share)
{
	PyTypeObject *type = (PyTypeObject *)class;
	PyObject *none = PyTuple_New(0);
	PyObject *object = none ? type->tp_new(type, none, NULL) : NULL;

	Py_XDECREF(none);
	if (object && PyObject_SetAttr(object, attribute, share) < 0)
		Py_CLEAR(object);
	return object;
}

static PyObject *share_new(void)
{
	struct share_object *share = PyObject_New(struct share_object, &share_type);

	if (!share)
		return NULL;
	share->exchange = NULL;
	share->used = false;
	return (PyObject *)share;
}

bool client_socket_init(struct client_socket *s, PyObject *class, PyObject *attribute)
{
	if (!s->share)
		s->share = share_new();
	s->object = s->share ? object_new(class, attribute, s->share) : NULL;
	return s->object != NULL;
}

void client_socket_attach(struct client_socket *s, struct exchange *x)
{
	((struct share_object *)s->share)->exchange = x;
}

/* One that nobody has kept is closed, as gunicorn's is, before it is dropped: Python
 * would warn of an open one. */
static void close_unkept(struct client_socket *s)
{
	PyObject *done;

	if (!((struct share_object *)s->share)->used || Py_REFCNT(s->object) > 1)
		return;
	done = PyObject_CallMethod(s->object, "close", NULL);
	PyErr_Clear();
	Py_XDECREF(done);
}

PyObject *client_socket_release(struct client_socket *s)
{
	PyObject *share = s->share;

	if (!share)
		return NULL;
	client_socket_attach(s, NULL);
	if (s->object)
		close_unkept(s);
	Py_CLEAR(s->object);
	s->share = NULL;
	if (!((struct share_object *)share)->used && Py_REFCNT(share) == 1)
		return share;
	Py_DECREF(share);
	return NULL;
}
