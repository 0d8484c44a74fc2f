/* Worker signals through Python's signal module: its builtin part, whose Python part would
 * make enums of numbers, at the price of memory that workers share otherwise.
 *
 * Each handler is a builtin function whose self is a capsule round the C
 * handler; Python calls it between two bytecodes of the main thread, so it may
 * end Python code that runs for ever by raising SystemExit. */
#include "ucorn/py/signals.h"

#include <stdlib.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/pyapi.h"

struct binding {
	py_signal_handler *handler;
	void *data;
};

static PyObject *signal_called(PyObject *capsule, PyObject *args)
{
	struct binding *b = PyCapsule_GetPointer(capsule, NULL);
	int signal_number, code;
	PyObject *frame, *value;

	if (!b || !PyArg_ParseTuple(args, "iO", &signal_number, &frame))
		return NULL;
	code = b->handler(signal_number, b->data);
	if (code == PY_SIGNAL_GO_ON && !PyErr_Occurred())
		Py_RETURN_NONE;
	if (code == PY_SIGNAL_GO_ON)
		return NULL; /* one that was on its way already */
	if (code == PY_SIGNAL_RAISED)
		return NULL;
	value = PyLong_FromLong(code);
	if (value)
		PyErr_SetObject(PyExc_SystemExit, value);
	Py_XDECREF(value);
	return NULL;
}

static PyMethodDef signal_method = {"ucorn_signal", signal_called, METH_VARARGS,
				    "Hands a signal to the server."};

static void binding_free(PyObject *capsule)
{
	free(PyCapsule_GetPointer(capsule, NULL));
}

/* The Python function for a handler: a new reference or NULL with an exception. */
static PyObject *signal_function(py_signal_handler *handler, void *data)
{
	struct binding *b = malloc(sizeof(*b));
	PyObject *capsule, *function;

	if (!b)
		return PyErr_NoMemory();
	*b = (struct binding){handler, data};
	capsule = PyCapsule_New(b, NULL, binding_free);
	if (!capsule) {
		free(b);
		return NULL;
	}
	function = PyCFunction_New(&signal_method, capsule);
	Py_DECREF(capsule);
	return function;
}

/* Calls signal.NAME(...) and drops its result; steals result's reference. */
static int signal_done(PyObject *result, const char *what, struct err *err)
{
	if (result) {
		Py_DECREF(result);
		return 0;
	}
	py_error_log("Cannot %s", what);
	return err_set_exit(err, 3, "Cannot %s", what);
}

int py_signal_install(int signal_number, py_signal_handler *handler, void *data, struct err *err)
{
	PyObject *module = PyImport_ImportModule("_signal"), *function = NULL, *result = NULL;

	if (module)
		function = signal_function(handler, data);
	if (function)
		result = PyObject_CallMethod(module, "signal", "iO", signal_number, function);
	Py_XDECREF(function);
	Py_XDECREF(module);
	return signal_done(result, "install a signal handler", err);
}

void py_signal_drop(int signal_number, bool ignored)
{
	PyObject *module = PyImport_ImportModule("_signal"), *action = NULL, *result = NULL;

	if (module)
		action = PyObject_GetAttrString(module, ignored ? "SIG_IGN" : "SIG_DFL");
	if (action)
		result = PyObject_CallMethod(module, "signal", "iO", signal_number, action);
	if (!result)
		py_error_log("Cannot give back signal %d", signal_number);
	Py_XDECREF(result);
	Py_XDECREF(action);
	Py_XDECREF(module);
}

int py_signals_wake(int fd, struct err *err)
{
	PyObject *module = PyImport_ImportModule("_signal"), *result = NULL;

	if (module)
		result = PyObject_CallMethod(module, "set_wakeup_fd", "i", fd);
	Py_XDECREF(module);
	return signal_done(result, "set Python's wake-up descriptor", err);
}

static int postponed = PY_SIGNAL_GO_ON; /* the code of a SystemExit */

bool py_signals_postpone_exit(void)
{
	return py_error_is_exit(&postponed);
}

int py_signals_run(void)
{
	int code = postponed;

	postponed = PY_SIGNAL_GO_ON;
	if (PyErr_CheckSignals() == 0)
		return code;
	if (py_error_is_exit(&code))
		return code;
	py_error_log("Exception in a signal handler");
	return PY_SIGNAL_GO_ON;
}
