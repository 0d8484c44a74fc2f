/* Between the server's log and Python's logging.
 *
 * Guarantees: a line is never lost to a logger that fails, C writes it then; a
 * logger that makes the server log (its handler writes to wsgi.errors, say) does
 * not call itself; no exception comes out, and one that was set before is still
 * set.  What counts as stock is decided in stocklog.py, once at boot and after
 * each import or hook that may have changed it, never for each line. */
#include "ucorn/py/logbridge.h"

#include <string.h>

#include "greenlets.h"
#include "ucorn/py/confobject.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/logger.h"
#include "ucorn/py/pylib.h"
#include "ucorn/py/signals.h"

static PyObject *logger;
static enum access_route access_route;
static bool bridged; /* error lines go through logger */
static bool failure_told;
static _Thread_local bool inside;
static PyObject *greenlets_inside; /* a set: where there are greenlets, they are meant */

PyObject *log_bridge_logger(void)
{
	return logger;
}

enum access_route log_bridge_access_route(void)
{
	return access_route;
}

/* Around everything that calls the logger for a line. */
struct visit {
	PyGILState_STATE gil;
	PyObject *greenlet;		/* whose visit it is; NULL: the thread's */
	PyObject *type, *value, *trace; /* the exception that was set */
};

/* False: the greenlet is inside already.  With an exception set: it is not to be known. */
static bool greenlet_enter(PyObject *greenlet)
{
	int is_inside;

	if (!greenlets_inside)
		greenlets_inside = PySet_New(NULL);
	is_inside = greenlets_inside ? PySet_Contains(greenlets_inside, greenlet) : -1;
	return is_inside == 0 && PySet_Add(greenlets_inside, greenlet) == 0;
}

static void visit_leave(struct visit *v)
{
	if (v->greenlet && PySet_Discard(greenlets_inside, v->greenlet) < 0)
		PyErr_Clear();
	if (!v->greenlet)
		inside = false;
	Py_XDECREF(v->greenlet);
	PyErr_Restore(v->type, v->value, v->trace);
	PyGILState_Release(v->gil);
}

static bool visit_begin(struct visit *v)
{
	bool entered;

	v->gil = PyGILState_Ensure();
	PyErr_Fetch(&v->type, &v->value, &v->trace);
	v->greenlet = hub_current();
	entered = v->greenlet ? greenlet_enter(v->greenlet) : !inside;
	if (entered) {
		inside = inside || !v->greenlet;
		return true;
	}
	PyErr_Clear();
	Py_XDECREF(v->greenlet);
	PyErr_Restore(v->type, v->value, v->trace);
	PyGILState_Release(v->gil);
	return false;
}

/* Gives whether the logger took the line; steals its result.  SystemExit comes from
 * the worker's signal handlers, which have noted already that it ends. */
static bool visit_end(struct visit *v, PyObject *result)
{
	bool taken = result != NULL;

	if (!result && PyErr_ExceptionMatches(PyExc_SystemExit))
		taken = true;
	else if (!result && !failure_told) {
		failure_told = true;
		py_error_log("The logger has failed; its lines are written here");
	}
	PyErr_Clear();
	Py_XDECREF(result);
	visit_leave(v);
	return taken;
}

/* logger.method(text); a new reference or NULL with an exception. */
static PyObject *call_method(const char *method, struct slice text)
{
	PyObject *message =
		PyUnicode_DecodeUTF8(text.base, (Py_ssize_t)text.len, "backslashreplace");
	PyObject *result = NULL;

	if (!message)
		return NULL;
	/* Loggers may format even without arguments. */
	if (memchr(text.base, '%', text.len))
		result = PyObject_CallMethod(logger, method, "sO", "%s", message);
	else
		result = PyObject_CallMethod(logger, method, "O", message);
	Py_DECREF(message);
	return result;
}

static bool take_line(enum log_level level, struct slice message)
{
	static const char *const methods[] = {
		[LOG_DEBUG] = "debug", [LOG_INFO] = "info",	    [LOG_WARNING] = "warning",
		[LOG_ERROR] = "error", [LOG_CRITICAL] = "critical",
	};
	struct visit v;

	return visit_begin(&v) && visit_end(&v, call_method(methods[level], message));
}

/* ucorn.logbridge.name(...), arguments as for Py_BuildValue in parentheses: a new
 * reference, or NULL with an exception. */
static PyObject *call_python(const char *module_name, const char *name, const char *format, ...)
{
	PyObject *module = pylib_import(module_name), *function = NULL, *args = NULL,
		 *result = NULL;
	va_list values;

	va_start(values, format);
	args = Py_VaBuildValue(format, values);
	va_end(values);
	if (module)
		function = PyObject_GetAttrString(module, name);
	if (function && args)
		result = PyObject_Call(function, args, NULL);
	Py_XDECREF(args);
	Py_XDECREF(function);
	Py_XDECREF(module);
	return result;
}

static bool take_raw(struct slice bytes)
{
	PyObject *text, *result = NULL;
	bool written = false;
	struct visit v;

	if (!visit_begin(&v))
		return false;
	text = PyUnicode_DecodeUTF8(bytes.base, (Py_ssize_t)bytes.len, "backslashreplace");
	if (text)
		result = call_python("ucorn.logbridge", "write_raw", "(OO)", logger, text);
	Py_XDECREF(text);
	written = result == Py_True;
	return visit_end(&v, result) && written;
}

static const struct log_taker taker = {.line = take_line, .raw = take_raw};

bool log_bridge_exception(const char *message, PyObject *type, PyObject *value, PyObject *trace)
{
	PyObject *old_type, *old_value, *old_trace, *result;
	struct visit v;

	if (!bridged || !visit_begin(&v))
		return false;
	if (value && trace)
		PyException_SetTraceback(value, trace);
	/* As in an except block: exception() finds it in sys.exc_info(). */
	PyErr_GetExcInfo(&old_type, &old_value, &old_trace);
	Py_XINCREF(type);
	Py_XINCREF(value);
	Py_XINCREF(trace);
	PyErr_SetExcInfo(type, value, trace);
	result = call_method("exception", slice_from(message));
	PyErr_SetExcInfo(old_type, old_value, old_trace);
	return visit_end(&v, result);
}

void log_bridge_metric(const char *text, const char *name, long value, const char *type)
{
	PyObject *method, *args, *kwargs, *result = NULL;
	struct visit v;

	if (!bridged || !visit_begin(&v)) {
		log_debug("%s", text);
		return;
	}
	method = PyObject_GetAttrString(logger, "debug");
	args = Py_BuildValue("(s)", text);
	kwargs = Py_BuildValue("{s{sssssl}}", "extra", "metric", name, "mtype", type, "value",
			       value);
	if (method && args && kwargs)
		result = PyObject_Call(method, args, kwargs);
	Py_XDECREF(kwargs);
	Py_XDECREF(args);
	Py_XDECREF(method);
	(void)visit_end(&v, result);
}

/* --- set-up --- */

static enum log_level level_of(int python_level)
{
	enum { STEP = 10 }; /* DEBUG is 10, CRITICAL is 50 */

	if (python_level <= STEP)
		return LOG_DEBUG;
	return python_level >= STEP * (LOG_CRITICAL + 1)
		       ? LOG_CRITICAL
		       : (enum log_level)((python_level - 1) / STEP);
}

void log_bridge_judge(void)
{
	int stock = 0, route = ACCESS_BY_LOGGER, threshold = 0;
	PyObject *verdict = call_python("ucorn.stocklog", "judge", "(O)", logger);

	if ((!verdict || !PyArg_ParseTuple(verdict, "pii", &stock, &route, &threshold)) &&
	    !py_signals_postpone_exit())
		py_error_log("Cannot judge the logger: it is called for every line");
	Py_XDECREF(verdict);
	bridged = !stock;
	access_route = (enum access_route)route;
	log_set_level(level_of(threshold));
	log_set_taker(bridged ? &taker : NULL);
}

/* Takes the exception's text for the operator; those of our own are whole sentences. */
static int failed(struct err *err)
{
	bool is_sentence = PyErr_ExceptionMatches(PyExc_RuntimeError);
	char kind[64];
	struct err why;

	snprintf(kind, sizeof(kind), "%s", PyExceptionClass_Name(PyErr_Occurred()));
	py_error_sentence(&why, 1, is_sentence ? "The logger cannot be set up." : "");
	if (is_sentence)
		return err_set(err, "%s", why.text);
	return err_set(err, "The logger cannot be set up: %s: %s", kind, why.text);
}

/* Puts made in logger's place; steals it. */
static int adopt(PyObject *made, struct err *err)
{
	PyObject *old = logger;

	if (!made)
		return failed(err);
	logger = made;
	Py_XDECREF(old);
	log_bridge_judge();
	return 0;
}

int log_bridge_start(const struct settings *s, struct err *err)
{
	PyObject *conf = conf_object(s), *made = NULL;

	if (conf)
		made = call_python("ucorn.logbridge", "make", "(O)", conf);
	Py_XDECREF(conf);
	return adopt(made, err);
}

int log_bridge_renew(const struct settings *s, struct err *err)
{
	PyObject *conf = conf_object(s), *made = NULL;

	if (conf)
		made = call_python("ucorn.logbridge", "renew", "(OO)", logger, conf);
	Py_XDECREF(conf);
	return adopt(made, err);
}

void log_bridge_revert(void)
{
	struct err err;

	if (adopt(call_python("ucorn.logbridge", "revert", "()"), &err) < 0)
		log_error("%s", err.text);
}

void log_bridge_settle(void)
{
	PyObject *done = call_python("ucorn.logbridge", "settle", "()");

	if (!done)
		py_error_log("Cannot close the log of the old settings");
	Py_XDECREF(done);
}

bool log_bridge_can_format(const char *format)
{
	PyObject *answer = call_python("ucorn.stocklog", "can_format", "(s)", format);
	bool can = answer == Py_True;

	PyErr_Clear();
	Py_XDECREF(answer);
	return can;
}

void log_bridge_reopen(void)
{
	PyObject *done = logger ? PyObject_CallMethod(logger, "reopen_files", NULL) : NULL;

	if (!done && PyErr_Occurred())
		py_error_log("Cannot reopen the log files of Python");
	Py_XDECREF(done);
}

void log_bridge_end(void)
{
	log_set_taker(NULL);
	bridged = false;
	Py_CLEAR(logger);
}
