/* Python stacks of a process that hangs or crashes: the work is faulthandler's, which needs
 * neither the GIL nor memory.
 *
 * It is set up once, in the master, with a descriptor of its own, and each child puts the
 * file that is meant for it behind that number: nothing of Python runs for it in a child. */
#include "ucorn/py/stacks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/pyapi.h"

static int place = -1;

/* faulthandler.enable(), but for who has done so already. */
static PyObject *enable(PyObject *module)
{
	PyObject *enabled = PyObject_CallMethod(module, "is_enabled", NULL);

	if (enabled == Py_False) {
		Py_DECREF(enabled);
		return PyObject_CallMethod(module, "enable", "ii", place, 1);
	}
	return enabled;
}

int stacks_begin(int signal_number, struct err *err)
{
	PyObject *module, *enabled = NULL, *done = NULL;

	place = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (place < 0)
		return err_set(err, "Cannot have another descriptor: %s.", strerror(errno));
	module = PyImport_ImportModule("faulthandler");
	if (module)
		enabled = enable(module);
	if (enabled) /* of all threads, and nothing else then */
		done = PyObject_CallMethod(module, "register", "iiii", signal_number, place, 1, 0);
	if (!done)
		py_error_log("Cannot prepare for writing down Python stacks");
	Py_XDECREF(enabled);
	Py_XDECREF(module);
	Py_XDECREF(done);
	return done ? 0 : err_set(err, "%s", "");
}

void stacks_go_to(int fd)
{
	int rc;

	if (fd < 0)
		return;
	rc = dup3(fd, place, O_CLOEXEC);
	UNUSED(rc); /* if it fails they are on stderr, as in the master */
	close(fd);
}
