/* The server as a guest of another event loop.
 *
 * What differs between gevent, eventlet and tornado is Python: modules ucorn.hub_NAME with
 * functions of the same names.  Here they get C functions to call: one for a turn, one that
 * a new greenlet runs.
 *
 * Greenlets are switched by copying the C stack: no pointer that others use may lead into
 * the stack of a function that waits. */
#include "ucorn/py/hub.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include "greenlets.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/objects.h"
#include "ucorn/py/pylib.h"
#include "ucorn/py/signals.h"

/* Room between what C functions have on the stack when the loop begins, and the loop. */
enum { STACK_GAP_BYTES = 64 * 1024 };

static PyObject *module;	   /* ucorn.hub_NAME */
static PyObject *current_function; /* its getcurrent; NULL: it has no greenlets */
static struct hub_guest guest;	   /* a copy: the stack it comes from may be another's in a turn */

/* ---- what Python calls */

static PyObject *turn_called(PyObject *self, PyObject *counts)
{
	unsigned connections = 0;
	unsigned long long requests = 0;

	UNUSED(self);
	if (PyTuple_GET_SIZE(counts) > 0) {
		if (!PyArg_ParseTuple(counts, "IK", &connections, &requests))
			return NULL;
		if (guest.count)
			guest.count(guest.data, connections, requests);
	}
	return PyLong_FromLong(guest.turn ? guest.turn(guest.data) : HUB_LEAVE);
}

static PyMethodDef turn_method = {"turn", turn_called, METH_VARARGS,
				  "turn(): a turn of the server. turn(connections, requests): "
				  "likewise, while another one serves all clients."};

struct errand {
	PyObject_HEAD void (*run)(void *data);
	void *data;
};

static PyTypeObject errand_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.errand",
	.tp_basicsize = sizeof(struct errand),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_doc = "What a greenlet has to do.",
};

static PyObject *errand_called(PyObject *self, PyObject *object)
{
	struct errand *errand = (struct errand *)object;
	void (*run)(void *data) = errand->run;

	UNUSED(self);
	errand->run = NULL;
	if (run)
		run(errand->data);
	Py_RETURN_NONE;
}

static PyMethodDef errand_method = {"serve_request", errand_called, METH_O, "Runs an errand."};
static PyObject *errand_function;

/* ---- calling Python */

static void say(const char *what)
{
	if (!py_signals_postpone_exit())
		py_error_log("Cannot %s", what);
}

/* Calls a function of the module; what it gives is nothing to us. */
static int call(const char *function, const char *what)
{
	PyObject *done = PyObject_CallMethod(module, function, NULL);

	if (!done)
		say(what);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

static int failed(const char *name, struct err *err)
{
	if (PyErr_Occurred())
		py_error_log("Cannot prepare for worker class %s", name);
	return err_set_exit(err, 3, "Cannot prepare for worker class %s", name);
}

static PyObject *glue_import(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "ucorn.hub_%s", name);
	return pylib_import(path);
}

int hub_check(const char *name, struct err *err)
{
	PyObject *util = PyImport_ImportModule("importlib.util"), *spec = NULL, *glue;

	if (util)
		spec = PyObject_CallMethod(util, "find_spec", "s", name);
	Py_XDECREF(util);
	if (!spec || spec == Py_None) {
		PyErr_Clear();
		Py_XDECREF(spec);
		return err_set(err,
			       "worker_class %s needs the Python package %s, which is not "
			       "installed for %s. Install it there, or choose another worker "
			       "class.",
			       name, name, interp_executable());
	}
	Py_DECREF(spec);
	glue = glue_import(name);
	if (!glue)
		return failed(name, err);
	Py_DECREF(glue);
	return 0;
}

/* The loop's greenlet begins here: further down the stack than anything of ours will be
 * when a worker runs, so that switching to it leaves our frames where they are. */
static __attribute__((noinline)) int begin_below(void)
{
	volatile char gap[STACK_GAP_BYTES];

	gap[0] = gap[STACK_GAP_BYTES - 1] = 0;
	return call("begin", "start the event loop") + gap[0];
}

int hub_prepare(const char *name, struct err *err)
{
	chunks_keep();
	if (!errand_function) {
		if (PyType_Ready(&errand_type) < 0)
			return failed(name, err);
		errand_function = PyCFunction_New(&errand_method, NULL);
	}
	Py_XSETREF(module, glue_import(name));
	if (!module || !errand_function || begin_below() < 0)
		return failed(name, err);
	Py_XSETREF(current_function, PyObject_GetAttrString(module, "getcurrent"));
	PyErr_Clear();
	return 0;
}

PyObject *hub_current(void)
{
	PyObject *current = current_function ? PyObject_CallNoArgs(current_function) : NULL;

	PyErr_Clear();
	return current;
}

bool hub_is_here(void)
{
	PyObject *answer = guest.turn ? PyObject_CallMethod(module, "in_hub", NULL) : NULL;
	bool is = answer == Py_True;

	PyErr_Clear();
	Py_XDECREF(answer);
	return is;
}

void hub_forked(void)
{
	PyObject *done = pylib_call("ucorn.hubs", "forked", NULL);

	if (!done)
		say("make an inherited event loop this process's own");
	Py_XDECREF(done);
}

/* ---- waiting outside of the loop */

/* select.select, if somebody has put another one in its place: a new reference or NULL. */
static PyObject *patched_select(void)
{
	PyObject *name = PyUnicode_FromString("select");
	PyObject *found = name ? PyImport_GetModule(name) : NULL, *function = NULL;

	if (found)
		function = PyObject_GetAttr(found, name);
	if (function && PyCFunction_Check(function))
		Py_CLEAR(function);
	PyErr_Clear();
	Py_XDECREF(found);
	Py_XDECREF(name);
	return function;
}

static bool plain_poll(int fd, int timeout_ms)
{
	struct pollfd wake = {.fd = fd, .events = POLLIN};
	int ready;

	gil_release();
	ready = poll(&wake, 1, timeout_ms);
	gil_acquire();
	return ready != 0; /* -EINTR: the byte of a signal is there, too */
}

bool hub_poll(int fd, int timeout_ms)
{
	PyObject *function = patched_select(), *done;

	if (!function)
		return plain_poll(fd, timeout_ms);
	done = PyObject_CallFunction(function, "[i][][]d", fd, timeout_ms / 1000.0);
	Py_DECREF(function);
	if (!done)
		say("wait with greenlets");
	Py_XDECREF(done);
	return true;
}

/* ---- the loop */

int hub_run(const struct hub_guest *given)
{
	PyObject *turn, *done = NULL;
	int code = PY_SIGNAL_GO_ON;

	guest = *given;
	turn = PyCFunction_New(&turn_method, NULL);
	if (turn)
		done = PyObject_CallMethod(module, "run", "idOO", given->fd, given->tick_s, turn,
					   object_worker());
	if (!done && !py_error_is_exit(&code)) {
		py_error_log("The event loop has ended");
		code = 1;
	}
	guest = (struct hub_guest){0};
	Py_XDECREF(done);
	Py_XDECREF(turn);
	return code;
}

void hub_call_soon(void)
{
	(void)call("call_soon", "call the server from the event loop");
}

void *hub_spawn(void (*run)(void *data), void *data)
{
	struct errand *errand = PyObject_New(struct errand, &errand_type);
	PyObject *greenlet = NULL;

	if (errand) {
		errand->run = run;
		errand->data = data;
		greenlet = PyObject_CallMethod(module, "spawn", "OO", errand_function, errand);
		if (!greenlet && !errand->run) {
			say("keep a greenlet in sight");
			greenlet = Py_NewRef(Py_None);
		}
	}
	if (!greenlet)
		say("start a greenlet");
	if (!greenlet && errand)
		errand->run = NULL; /* data goes */
	Py_XDECREF(errand);
	return greenlet;
}

void hub_forget(void *greenlet)
{
	Py_XDECREF((PyObject *)greenlet);
}

void hub_interrupt(void *greenlet, bool timed_out)
{
	PyObject *done = PyObject_CallMethod(module, "interrupt", "OO", greenlet,
					     timed_out ? Py_True : Py_False);

	if (!done)
		say("interrupt a greenlet");
	Py_XDECREF(done);
}

int hub_wait(int fd, bool writing, unsigned timeout_ms)
{
	double seconds = timeout_ms == UINT_MAX ? -1 : timeout_ms / 1000.0;
	PyObject *ready = PyObject_CallMethod(module, "wait", "iOd", fd,
					      writing ? Py_True : Py_False, seconds);
	int rc = ready == Py_True ? 0 : -ETIMEDOUT;

	if (!ready) {
		(void)py_signals_postpone_exit();
		rc = -EINTR;
	}
	Py_XDECREF(ready);
	return rc;
}

void hub_drop_exception(void)
{
	PyErr_Clear();
}

void hub_sleep(unsigned ms)
{
	PyObject *done = PyObject_CallMethod(module, "sleep", "d", ms / 1000.0);

	if (!done)
		say("wait for greenlets");
	Py_XDECREF(done);
}
