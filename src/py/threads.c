/* Threads as the application would start them: Python knows them, by names that show in
 * tracebacks and debuggers, and what it keeps for a thread lives as long as the thread. */
#include "ucorn/py/threads.h"

#include <stdlib.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/pyapi.h"

struct entry {
	void (*run)(void *data);
	void *data;
};

/* Threads inherit whether Python waits for them at its end from the thread that starts them:
 * those of the application are waited for, as they are where no pool is.  That this one is
 * not has been settled by its start. */
static void pass_on_no_daemon(void)
{
	PyObject *threading = PyImport_ImportModule("threading"), *self = NULL;

	if (threading)
		self = PyObject_CallMethod(threading, "current_thread", NULL);
	if (!self || PyObject_SetAttrString(self, "_daemonic", Py_False) < 0)
		py_error_log("Threads of the application will not be waited for");
	Py_XDECREF(self);
	Py_XDECREF(threading);
}

static PyObject *entry_call(PyObject *capsule, PyObject *none)
{
	struct entry *entry = PyCapsule_GetPointer(capsule, NULL);

	UNUSED(none);
	if (!entry)
		return NULL;
	pass_on_no_daemon();
	entry->run(entry->data);
	Py_RETURN_NONE;
}

static PyMethodDef entry_method = {"serve", entry_call, METH_NOARGS, "Serves requests."};

static void entry_free(PyObject *capsule)
{
	free(PyCapsule_GetPointer(capsule, NULL));
}

/* run(data) as a Python function: a new reference, or NULL with an exception. */
static PyObject *entry_function(void (*run)(void *data), void *data)
{
	struct entry *entry = malloc(sizeof(*entry));
	PyObject *capsule, *function;

	if (!entry)
		return PyErr_NoMemory();
	*entry = (struct entry){run, data};
	capsule = PyCapsule_New(entry, NULL, entry_free);
	if (!capsule) {
		free(entry);
		return NULL;
	}
	function = PyCFunction_New(&entry_method, capsule);
	Py_DECREF(capsule);
	return function;
}

/* threading.Thread(target=function, name=name, daemon=True) */
static PyObject *thread_new(PyObject *threading, PyObject *function, const char *name)
{
	PyObject *class = PyObject_GetAttrString(threading, "Thread"), *thread = NULL;
	PyObject *args = PyTuple_New(0);
	PyObject *kwargs =
		Py_BuildValue("{sOsssO}", "target", function, "name", name, "daemon", Py_True);

	if (class && args && kwargs)
		thread = PyObject_Call(class, args, kwargs);
	Py_XDECREF(kwargs);
	Py_XDECREF(args);
	Py_XDECREF(class);
	return thread;
}

/* What gevent and eventlet make of threads runs on no thread of its own. */
static bool are_real(PyObject *threading)
{
	PyObject *start = PyObject_GetAttrString(threading, "_start_new_thread");
	bool real = start && PyCFunction_Check(start);

	if (!start) /* since 3.13 it has another name */
		PyErr_Clear();
	real = real || (!start && PyObject_HasAttrString(threading, "_start_joinable_thread"));
	Py_XDECREF(start);
	return real;
}

int py_thread_start(const char *name, void (*run)(void *data), void *data, struct err *err)
{
	PyObject *threading = PyImport_ImportModule("threading");
	PyObject *function = NULL, *thread = NULL, *done = NULL;
	int rc = 0;

	if (threading && !are_real(threading)) {
		rc = err_set_exit(
			err, 3,
			"Threads cannot be used: something has replaced Python's by "
			"greenlets (gevent's or eventlet's monkey patch). Choose the worker "
			"class gevent or eventlet.");
		goto out;
	}
	if (threading)
		function = entry_function(run, data);
	if (function)
		thread = thread_new(threading, function, name);
	if (thread)
		done = PyObject_CallMethod(thread, "start", NULL);
	if (!done) {
		py_error_log("Cannot start a thread");
		rc = err_set_exit(err, 3, "Cannot start the worker's threads");
	}
out:
	Py_XDECREF(done);
	Py_XDECREF(thread);
	Py_XDECREF(function);
	Py_XDECREF(threading);
	return rc;
}
