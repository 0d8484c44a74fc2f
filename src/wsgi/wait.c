/* environ['ucorn.wait'], by which an application waits for a descriptor or a time:
 *
 *     ready = yield from environ["ucorn.wait"](timeout=1.0, fd=sock)
 *
 * What the call gives is an iterator.  Where applications take turns on one thread, that has
 * one piece, an empty one, for the server, which calls the application again when what is
 * waited for has come; other responses have their turns meanwhile.  Elsewhere, and in
 * threads of the application, it has no piece: the thread itself waits in next().
 *
 * The object is the same for all requests, so that it costs them nothing: who waits is
 * whose code runs. */
#include <errno.h>
#include <fcntl.h>

#include "ucorn/py/pylib.h"
#include "ucorn/util/clock.h"
#include "wsgi.h"

#define TIMEOUT_MAX_S 1e9

struct wait_object {
	PyObject_HEAD struct wsgi_app *app; /* NULL: is no more */
};

enum stage {
	STAGE_NEW,
	STAGE_WAITING, /* it is a request's pausing */
	STAGE_OVER,
	STAGE_TOLD, /* whether it was ready */
};

struct pause_object {
	PyObject_HEAD struct wait_object *wait;
	double timeout_s; /* below 0: none */
	int fd;		  /* -1: none */
	bool for_write;
	bool ready;
	enum stage stage;
};

/* ---- the iterator */

static bool is_open(int fd)
{
	if (fd < 0 || fcntl(fd, F_GETFD) >= 0)
		return true;
	PyErr_SetFromErrno(PyExc_OSError);
	return false;
}

/* The end of the iterator, with the value of `yield from`. */
static PyObject *tell(struct pause_object *p)
{
	p->stage = STAGE_TOLD;
	PyErr_SetObject(PyExc_StopIteration, p->ready ? Py_True : Py_False);
	return NULL;
}

static PyObject *wait_here(struct pause_object *p)
{
	PyObject *module = pylib_import("ucorn.waiting"), *timeout = NULL, *ready = NULL;

	if (module)
		timeout = p->timeout_s < 0 ? Py_NewRef(Py_None) : PyFloat_FromDouble(p->timeout_s);
	if (timeout)
		ready = PyObject_CallMethod(module, "wait_here", "Oii", timeout, p->fd,
					    (int)p->for_write);
	if (ready) {
		p->ready = ready == Py_True;
		tell(p);
	}
	Py_XDECREF(ready);
	Py_XDECREF(timeout);
	Py_XDECREF(module);
	return NULL;
}

/* In its next turn the server learns of it. */
static PyObject *leave_to_server(struct pause_object *p, struct wsgi_request *r)
{
	if (!r) {
		PyErr_SetString(PyExc_RuntimeError,
				"ucorn.wait: no application runs that could wait");
		return NULL;
	}
	if (r->pausing) {
		PyErr_SetString(PyExc_RuntimeError, "ucorn.wait: this response waits already");
		return NULL;
	}
	r->pausing = Py_NewRef((PyObject *)p);
	r->pause = (struct pause){.fd = p->fd, .for_write = p->for_write, .end_us = UINT64_MAX};
	if (p->timeout_s >= 0)
		r->pause.end_us = clock_us() + (uint64_t)(p->timeout_s * 1e6);
	p->stage = STAGE_WAITING;
	return PyBytes_FromStringAndSize(NULL, 0);
}

static PyObject *pause_begin(struct pause_object *p)
{
	struct wsgi_app *app = p->wait->app;

	if (!is_open(p->fd))
		return NULL;
	if (!app || (app->options.pauses && app->thread == PyThread_get_thread_ident()))
		return leave_to_server(p, app ? app->running : NULL);
	return wait_here(p);
}

static PyObject *pause_next(PyObject *self)
{
	struct pause_object *p = (struct pause_object *)self;

	switch (p->stage) {
	case STAGE_NEW:
		return pause_begin(p);
	case STAGE_WAITING:
		PyErr_SetString(PyExc_RuntimeError,
				"ucorn.wait: what it yields has to reach the server before the "
				"response goes on (is it held back by a middleware, or not used "
				"with 'yield from'?)");
		return NULL;
	case STAGE_OVER:
		return tell(p);
	case STAGE_TOLD:
		break;
	}
	return NULL;
}

static void pause_dealloc(PyObject *self)
{
	Py_DECREF(((struct pause_object *)self)->wait);
	PyObject_Free(self);
}

static PyTypeObject pause_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.pause",
	.tp_basicsize = sizeof(struct pause_object),
	.tp_dealloc = pause_dealloc,
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = pause_next,
	.tp_doc = "A wait of an application, for 'yield from'.",
};

void wait_over(struct wsgi_request *r)
{
	struct pause_object *p = (struct pause_object *)r->pausing;

	if (!p)
		return;
	p->ready = r->pause.ready;
	p->stage = STAGE_OVER;
	Py_CLEAR(r->pausing);
}

/* ---- the call */

static bool take_timeout(struct pause_object *p, PyObject *timeout)
{
	p->timeout_s = timeout == Py_None ? -1. : PyFloat_AsDouble(timeout);
	if (timeout == Py_None)
		return true;
	if (p->timeout_s < 0 && PyErr_Occurred())
		return false;
	if (p->timeout_s >= 0 && p->timeout_s <= TIMEOUT_MAX_S)
		return true;
	PyErr_Format(PyExc_ValueError, "the timeout has to be from 0 to 1e9 seconds, not %R",
		     timeout);
	return false;
}

static bool take_fd(struct pause_object *p, PyObject *fd)
{
	p->fd = fd == Py_None ? -1 : PyObject_AsFileDescriptor(fd);
	return fd == Py_None || p->fd >= 0;
}

static bool take_arguments(struct pause_object *p, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"timeout", (char *)"fd", (char *)"write", NULL};
	PyObject *timeout = Py_None, *fd = Py_None;
	int for_write = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOp:wait", names, &timeout, &fd,
					 &for_write))
		return false;
	p->for_write = for_write;
	if (timeout != Py_None || fd != Py_None)
		return take_timeout(p, timeout) && take_fd(p, fd);
	PyErr_SetString(PyExc_TypeError, "wait() needs a timeout, a descriptor (fd) or both");
	return false;
}

static PyObject *wait_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct pause_object *p = PyObject_New(struct pause_object, &pause_type);

	if (!p)
		return NULL;
	p->wait = (struct wait_object *)Py_NewRef(self);
	p->ready = false;
	p->stage = STAGE_NEW;
	if (!take_arguments(p, args, kwargs))
		Py_CLEAR(p);
	return (PyObject *)p;
}

static PyTypeObject wait_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.wait",
	.tp_basicsize = sizeof(struct wait_object),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_call = wait_call,
	.tp_doc = "wait(timeout=None, fd=None, write=False): for 'yield from'; gives whether fd "
		  "got ready.",
};

PyObject *wait_new(struct wsgi_app *app)
{
	struct wait_object *wait;

	if (PyType_Ready(&wait_type) < 0 || PyType_Ready(&pause_type) < 0)
		return NULL;
	wait = PyObject_New(struct wait_object, &wait_type);
	if (wait)
		wait->app = app;
	return (PyObject *)wait;
}

void wait_free(PyObject *object)
{
	if (!object)
		return;
	((struct wait_object *)object)->app = NULL;
	Py_DECREF(object);
}
