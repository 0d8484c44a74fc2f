/* The reloader of a worker is a Python thread (ucorn.reloader): what has been
 * imported, from which files, only Python knows.  It tells the worker object, which
 * retires the worker like a hook that sets worker.alive to False. */
#include "ucorn/py/reloader.h"

#include "ucorn/py/errors.h"
#include "ucorn/py/objects.h"

static int failed(struct err *err)
{
	py_error_log("Cannot watch files");
	return err_set_exit(err, 3, "%s", "");
}

int reloader_make(bool replaces, struct err *err)
{
	PyObject *done =
		PyObject_CallMethod(object_worker(), "_watch", "O", replaces ? Py_True : Py_False);

	Py_XDECREF(done);
	return done ? 0 : failed(err);
}

int reloader_start(struct err *err)
{
	PyObject *reloader = PyObject_GetAttrString(object_worker(), "reloader");
	PyObject *done = reloader ? PyObject_CallMethod(reloader, "start", NULL) : NULL;

	Py_XDECREF(done);
	Py_XDECREF(reloader);
	return done ? 0 : failed(err);
}
