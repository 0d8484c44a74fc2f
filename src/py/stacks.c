/* Python stacks of a process that hangs or crashes: the work is faulthandler's, which needs
 * neither the GIL nor memory. */
#include "ucorn/py/stacks.h"

#include "ucorn/py/errors.h"
#include "ucorn/py/pyapi.h"

/* faulthandler.enable(), but for who has done so already. */
static PyObject *enable(PyObject *module, int fd)
{
	PyObject *enabled = PyObject_CallMethod(module, "is_enabled", NULL);

	if (enabled == Py_False) {
		Py_DECREF(enabled);
		return PyObject_CallMethod(module, "enable", "ii", fd, 1);
	}
	return enabled;
}

void stacks_warm(void)
{
	PyObject *module = PyImport_ImportModule("faulthandler");

	if (!module)
		PyErr_Clear();
	Py_XDECREF(module);
}

int stacks_open(int signal_number, int fd, struct err *err)
{
	PyObject *module = NULL, *enabled = NULL, *done = NULL;

	if (fd < 0)
		return 0;
	module = PyImport_ImportModule("faulthandler");
	if (module)
		enabled = enable(module, fd);
	if (enabled) /* of all threads, and nothing else then */
		done = PyObject_CallMethod(module, "register", "iiii", signal_number, fd, 1, 0);
	if (!done)
		py_error_log("Cannot prepare for writing down Python stacks");
	Py_XDECREF(enabled);
	Py_XDECREF(module);
	Py_XDECREF(done);
	return done ? 0 : err_set_exit(err, 3, "%s", "");
}
