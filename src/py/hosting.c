/* Worker classes of the user's: the C side of ucorn.workerclass and ucorn.hosting.
 *
 * Which class a setting names is found out once, when settings are checked, so that a
 * wrong one costs a sentence and no worker.  What the class does in its process is its
 * own affair; here is only what its end means. */
#include "ucorn/py/hosting.h"

#include <stdio.h>

#include "ucorn/py/confobject.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/objects.h"
#include "ucorn/py/pylib.h"
#include "ucorn/py/signals.h"

/* What a worker ends with under gunicorn when an exception has ended it. */
enum { ENDED_BOOT = 3, ENDED_SERVING = 255 };

int hosting_judge(const struct settings *s, char name[HOSTING_NAME_MAX], struct err *err)
{
	PyObject *cfg = conf_object(s), *found = NULL;
	const char *text = NULL;

	if (cfg)
		found = pylib_call("ucorn.workerclass", "judge", cfg);
	if (found)
		text = PyUnicode_AsUTF8(found);
	if (text)
		snprintf(name, HOSTING_NAME_MAX, "%s", text);
	else
		py_error_sentence(err, 1, "The worker class cannot be found.");
	Py_XDECREF(found);
	Py_XDECREF(cfg);
	return text ? 0 : -1;
}

bool hosting_is_wanted(void)
{
	PyObject *worker = object_worker();

	return worker && PyObject_HasAttrString(worker, "init_process");
}

static bool has_booted(void)
{
	PyObject *booted = pylib_call("ucorn.hosting", "has_booted", object_worker());
	bool yes = booted == Py_True;

	if (!booted)
		PyErr_Clear();
	Py_XDECREF(booted);
	return yes;
}

static int died(struct err *err)
{
	int code;

	if (py_error_is_exit(&code))
		return code ? err_set_exit(err, code, "%s", "") : 0;
	py_error_log("Exception in worker process");
	return err_set_exit(err, has_booted() ? ENDED_SERVING : ENDED_BOOT, "%s", "");
}

/* live() has returned: (exit code, sentence). */
static int ended(PyObject *pair, struct err *err)
{
	const char *sentence;
	int code;

	if (!PyArg_ParseTuple(pair, "is", &code, &sentence))
		return died(err);
	return code ? err_set_exit(err, code, "%s", sentence) : 0;
}

int hosting_live(struct err *err)
{
	PyObject *pair = pylib_call("ucorn.hosting", "live", object_worker());
	int rc;

	if (interp_is_copy())
		interp_leave_copy();
	rc = pair ? ended(pair, err) : died(err);
	Py_XDECREF(pair);
	return rc;
}

bool hosting_notifies(void)
{
	PyObject *answer = PyObject_CallMethod(object_worker(), "_notifies", NULL);
	bool yes = answer == Py_True;

	if (!answer)
		py_error_log("Cannot ask the worker for its notify()");
	Py_XDECREF(answer);
	return yes;
}

int hosting_notify(void)
{
	PyGILState_STATE gil = PyGILState_Ensure();
	PyObject *done = PyObject_CallMethod(object_worker(), "notify", NULL);
	int code = PY_SIGNAL_GO_ON;

	if (!done && !py_error_is_exit(&code)) {
		py_error_log("Exception in worker process");
		code = ENDED_SERVING;
	}
	Py_XDECREF(done);
	PyGILState_Release(gil);
	return code;
}
