/* Copies of this process that the application forks (os.fork, multiprocessing).
 *
 * Such a child has everything the server has: its sockets, its event loop, its
 * signal handlers.  It may run Python as it likes, but it is no server: when
 * control would return to ours, it ends. */
#include <stdio.h>
#include <unistd.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"

static bool is_copy;
static void (*on_copy)(void *data);
static void *on_copy_data;

bool interp_is_copy(void)
{
	return is_copy;
}

void interp_leave_copy(void)
{
	int code = 0;

	if (PyErr_Occurred() && !py_error_is_exit(&code)) {
		py_error_log("Exception in a process that the application forked");
		code = 1;
	}
	code = interp_end(code);
	fflush(NULL);
	_exit(code);
}

static PyObject *copied(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	is_copy = true;
	on_copy(on_copy_data);
	Py_RETURN_NONE;
}

static PyMethodDef copied_method = {"ucorn_copied", copied, METH_NOARGS,
				    "Tells a forked child that it is no server."};

int interp_watch_copies(void (*called)(void *data), void *data, struct err *err)
{
	PyObject *os = PyImport_ImportModule("os"), *result = NULL, *none = NULL;
	PyObject *names = Py_BuildValue("{}"), *method = NULL, *function = NULL;

	on_copy = called;
	on_copy_data = data;
	function = PyCFunction_New(&copied_method, NULL);
	none = PyTuple_New(0);
	if (os)
		method = PyObject_GetAttrString(os, "register_at_fork");
	if (method && function && none && names &&
	    PyDict_SetItemString(names, "after_in_child", function) == 0)
		result = PyObject_Call(method, none, names);
	Py_XDECREF(function);
	Py_XDECREF(method);
	Py_XDECREF(names);
	Py_XDECREF(none);
	Py_XDECREF(os);
	if (!result) {
		py_error_log("Cannot watch for forks of the application");
		return err_set_exit(err, 3, "Cannot watch for forks of the application");
	}
	Py_DECREF(result);
	return 0;
}
