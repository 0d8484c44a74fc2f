/* THE table of hooks, and calling them.
 *
 * One row says what a hook is given and what its exception means.  The functions
 * live in the Python Config; here is only which of them are set.  An exception
 * never gets out of here, but for those of worker_int and worker_abort: people
 * raise there to see in a traceback where the worker hangs. */
#include "ucorn/py/hooks.h"

#include "hookset.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/objects.h"
#include "ucorn/util/log.h"

/* What a hook is called with, in this order. */
enum gives { GIVES_SERVER = 1, GIVES_WORKER = 2, GIVES_OTHERS = 4 };

/* What an exception of it does to the process: ends it with this code, or nothing. */
enum { ENDS_BOOT = 3, ENDS_START = 1, ENDS_LOOP = 255, ENDS_NOTHING = -1 };

static const char in_loop[] = "Unhandled exception in main loop";
static const char in_worker[] = "Exception in worker process";

static const struct hook_row {
	const char *name;
	unsigned gives;
	int ends;
	const char *complaint; /* NULL: the caller's affair */
	bool asks_operator;    /* its RuntimeError says what is to be fixed */
} table[HOOK_COUNT] = {
	[HOOK_NWORKERS_CHANGED] = {"nworkers_changed", GIVES_SERVER | GIVES_OTHERS, ENDS_LOOP,
				   in_loop},
	[HOOK_ON_STARTING] = {"on_starting", GIVES_SERVER, ENDS_START, "Exception in on_starting",
			      true},
	[HOOK_WHEN_READY] = {"when_ready", GIVES_SERVER, ENDS_START, "Exception in when_ready",
			     true},
	[HOOK_PRE_FORK] = {"pre_fork", GIVES_SERVER | GIVES_WORKER, ENDS_LOOP, in_loop},
	[HOOK_POST_FORK] = {"post_fork", GIVES_SERVER | GIVES_WORKER, ENDS_BOOT, in_worker},
	[HOOK_POST_WORKER_INIT] = {"post_worker_init", GIVES_WORKER, ENDS_BOOT, in_worker},
	[HOOK_PRE_REQUEST] = {"pre_request", GIVES_WORKER | GIVES_OTHERS, ENDS_NOTHING, NULL},
	[HOOK_POST_REQUEST] = {"post_request", GIVES_WORKER | GIVES_OTHERS, ENDS_NOTHING, NULL},
	[HOOK_WORKER_INT] = {"worker_int", GIVES_WORKER, ENDS_NOTHING, NULL},
	[HOOK_WORKER_ABORT] = {"worker_abort", GIVES_WORKER, ENDS_NOTHING, NULL},
	[HOOK_WORKER_EXIT] = {"worker_exit", GIVES_SERVER | GIVES_WORKER, ENDS_NOTHING,
			      "Exception during worker exit:"},
	[HOOK_CHILD_EXIT] = {"child_exit", GIVES_SERVER | GIVES_WORKER, ENDS_LOOP, in_loop},
	[HOOK_ON_RELOAD] = {"on_reload", GIVES_SERVER, ENDS_LOOP, in_loop},
	[HOOK_PRE_EXEC] = {"pre_exec", GIVES_SERVER, ENDS_START, "Exception in pre_exec"},
	[HOOK_ON_EXIT] = {"on_exit", GIVES_SERVER, ENDS_START, "Exception in on_exit"},
};

static PyObject *functions[HOOK_COUNT]; /* NULL: not set */

bool hook_is_set(enum hook hook)
{
	return functions[hook] != NULL;
}

PyObject *hook_function(enum hook hook)
{
	return functions[hook];
}

void hooks_drop(void)
{
	for (size_t i = 0; i < HOOK_COUNT; i++)
		Py_CLEAR(functions[i]);
}

/* --- which are set --- */

/* The function of one hook: NULL without an exception when it is not set, which
 * cfg shows as the default that does nothing. */
static PyObject *find_function(PyObject *settings, const char *name)
{
	PyObject *setting = PyMapping_GetItemString(settings, name), *initial = NULL;
	PyObject *function = NULL;

	if (setting)
		initial = PyObject_GetAttrString(setting, "default");
	if (initial)
		function = PyObject_GetAttrString(setting, "value");
	if (function == initial)
		Py_CLEAR(function);
	Py_XDECREF(initial);
	Py_XDECREF(setting);
	return function;
}

bool hooks_take(PyObject *config)
{
	PyObject *settings = PyObject_GetAttrString(config, "settings");

	for (size_t i = 0; settings && i < HOOK_COUNT; i++) {
		PyObject *function = find_function(settings, table[i].name);

		if (PyErr_Occurred()) {
			Py_XDECREF(function);
			Py_CLEAR(settings);
			break;
		}
		Py_XSETREF(functions[i], function);
	}
	Py_XDECREF(settings);
	return settings != NULL;
}

static void hooks_renew(void)
{
	PyObject *config = PyObject_GetAttrString(object_server(), "cfg");

	if (!config || !hooks_take(config))
		py_error_log("Cannot find the hooks");
	Py_XDECREF(config);
}

/* --- calling --- */

/* function(server, worker), or what of it the row wants. */
static PyObject *call_plain(enum hook hook)
{
	const struct hook_row *row = &table[hook];
	PyObject *args[3] = {NULL}, *worker = object_worker();
	size_t n = 0;

	if (row->gives & GIVES_SERVER)
		args[++n] = object_server();
	if (row->gives & GIVES_WORKER)
		args[++n] = worker ? worker : Py_None;
	return PyObject_Vectorcall(functions[hook], args + 1, n | PY_VECTORCALL_ARGUMENTS_OFFSET,
				   NULL);
}

/* The hook has raised; what that means. */
static int raised(const struct hook_row *row, struct err *err)
{
	int code;

	if (py_error_is_exit(&code))
		return err_set_exit(err, code, "%s", "");
	/* Under gunicorn this is how an operator is told at start what to fix. */
	if (row->asks_operator && PyErr_ExceptionMatches(PyExc_RuntimeError))
		return py_error_sentence(err, ENDS_START, row->complaint);
	if (row->ends == ENDS_NOTHING) {
		py_error_warn("%s", row->complaint);
		return 0;
	}
	py_error_log("%s", row->complaint);
	return err_set_exit(err, row->ends, "%s", "");
}

/* Takes the result of a call over.  User code has run, which may have changed logging
 * or, through cfg, set other hooks. */
static int done(const struct hook_row *row, PyObject *result, struct err *err)
{
	int rc = result ? 0 : raised(row, err);

	Py_XDECREF(result);
	hooks_renew();
	log_bridge_judge();
	return rc;
}

int hook_call(enum hook hook, struct err *err)
{
	return functions[hook] ? done(&table[hook], call_plain(hook), err) : 0;
}

int hook_nworkers_changed(unsigned now, long before, struct err *err)
{
	static const struct hook_row at_start = {"nworkers_changed", 0, ENDS_START,
						 "Exception in nworkers_changed", true};
	const struct hook_row *row = before < 0 ? &at_start : &table[HOOK_NWORKERS_CHANGED];
	PyObject *function = functions[HOOK_NWORKERS_CHANGED], *result, *old;

	if (!function)
		return 0;
	old = before < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(before);
	result = PyObject_CallFunction(function, "OIN", object_server(), now, old);
	return done(row, result, err);
}

bool hook_call_in_signal(enum hook hook)
{
	PyObject *result;

	if (!functions[hook])
		return true;
	result = call_plain(hook);
	Py_XDECREF(result);
	return result != NULL;
}
