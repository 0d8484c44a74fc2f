/* Copies of this process that the application forks (os.fork, multiprocessing).
 *
 * Such a child has everything the server has: its sockets, its event loop, its
 * signal handlers.  It may run Python as it likes, but it is no server: when
 * control would return to ours, it ends. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "ucorn/py/errors.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"
#include "ucorn/py/pylib.h"

static bool is_copy;
static void (*on_copy)(void *data);
static void *on_copy_data;
static PyThreadState *first; /* the thread that Python was started on */

bool interp_is_copy(void)
{
	return is_copy;
}

/* As interp_end, on another thread than Python's first. */
static int end_on_thread(int code)
{
	PyObject *written = pylib_call("ucorn.copies", "end", NULL);
	bool whole = written == Py_True;

	if (!written)
		py_error_log("Cannot end a process that the application forked");
	Py_XDECREF(written);
	return !whole && code == 0 ? INTERP_OUTPUT_LOST : code;
}

void interp_leave_copy(void)
{
	int code = 0;

	if (PyErr_Occurred() && !py_error_is_exit(&code)) {
		py_error_log("Exception in a process that the application forked");
		code = 1;
	}
	code = PyThreadState_Get() == first ? interp_end(code) : end_on_thread(code);
	fflush(NULL);
	_exit(code);
}

/* Of the thread that forks: from before the fork until the child's handlers are in
 * place, so that a signal to the child in between is not lost in ours. */
static _Thread_local sigset_t mask_before;

static PyObject *before_fork(PyObject *self, PyObject *none)
{
	sigset_t all;

	UNUSED(self);
	UNUSED(none);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask_before);
	Py_RETURN_NONE;
}

static PyObject *in_parent(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
	Py_RETURN_NONE;
}

static PyObject *in_child(PyObject *self, PyObject *none)
{
	is_copy = true;
	if (on_copy)
		on_copy(on_copy_data);
	return in_parent(self, none);
}

static PyMethodDef hooks[] = {
	{"before", before_fork, METH_NOARGS, "Holds signals back."},
	{"after_in_parent", in_parent, METH_NOARGS, "Lets signals through again."},
	{"after_in_child", in_child, METH_NOARGS, "Tells a forked child that it is no server."},
};

/* {name: function} of the hooks: a new reference, or NULL with an exception. */
static PyObject *hook_functions(void)
{
	PyObject *functions = PyDict_New();

	for (size_t i = 0; functions && i < ARRAY_LEN(hooks); i++) {
		PyObject *function = PyCFunction_New(&hooks[i], NULL);

		if (!function || PyDict_SetItemString(functions, hooks[i].ml_name, function) < 0)
			Py_CLEAR(functions);
		Py_XDECREF(function);
	}
	return functions;
}

void interp_unwatch_copies(void)
{
	on_copy = NULL;
}

int interp_watch_copies(void (*called)(void *data), void *data, struct err *err)
{
	PyObject *os = PyImport_ImportModule("os"), *result = NULL, *method = NULL;
	PyObject *functions = hook_functions(), *none = PyTuple_New(0);

	first = PyThreadState_Get();
	on_copy = called;
	on_copy_data = data;
	if (os)
		method = PyObject_GetAttrString(os, "register_at_fork");
	if (method && functions && none)
		result = PyObject_Call(method, none, functions);
	Py_XDECREF(method);
	Py_XDECREF(functions);
	Py_XDECREF(none);
	Py_XDECREF(os);
	if (!result) {
		py_error_log("Cannot watch for forks of the application");
		return err_set_exit(err, 3, "Cannot watch for forks of the application");
	}
	Py_DECREF(result);
	return 0;
}
