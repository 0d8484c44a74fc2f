/* Python stacks of a process that hangs or crashes: the work is faulthandler's, which needs
 * neither the GIL nor memory.
 *
 * It is set up once, in the master, with a descriptor of its own, and each child puts the
 * file that is meant for it behind that number: nothing of Python runs for it in a child. */
#include "ucorn/py/stacks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

static void (*write_stacks)(int signal_number); /* faulthandler's */

static void on_signal(int signal_number)
{
	int saved = errno;

	write_stacks(signal_number);
	errno = saved;
}

/* faulthandler's own handler may change the errno of what it has interrupted. */
static int keep_errno(int signal_number)
{
	struct sigaction action;

	if (sigaction(signal_number, NULL, &action) < 0)
		return -1;
	write_stacks = action.sa_handler;
	action.sa_handler = on_signal;
	return sigaction(signal_number, &action, NULL);
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
	if (!done)
		return err_set(err, "%s", "");
	if (keep_errno(signal_number) < 0)
		return err_set(err, "Cannot handle signal %d: %s.", signal_number, strerror(errno));
	return 0;
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
