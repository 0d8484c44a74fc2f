/* Tells the exception that is set, the way Python's own traceback module does. */
#include "ucorn/py/errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "ucorn/py/logger.h"
#include "ucorn/util/log.h"

/* The exception as one text; NULL if even that fails. */
static PyObject *exception_text(PyObject *type, PyObject *value, PyObject *trace)
{
	PyObject *module, *lines = NULL, *empty = NULL, *text = NULL;

	module = PyImport_ImportModule("traceback");
	if (module)
		lines = PyObject_CallMethod(module, "format_exception", "OOO", type,
					    value ? value : Py_None, trace ? trace : Py_None);
	if (lines)
		empty = PyUnicode_FromString("");
	if (empty)
		text = PyUnicode_Join(empty, lines);
	PyErr_Clear();
	Py_XDECREF(empty);
	Py_XDECREF(lines);
	Py_XDECREF(module);
	return text;
}

static void write_exception(const char *message, PyObject *type, PyObject *value, PyObject *trace)
{
	PyObject *text = exception_text(type, value, trace), *bytes = NULL;

	if (text)
		bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
	log_error("%s", message);
	if (bytes)
		log_raw(slice_of(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)));
	else
		PyErr_Clear();
	Py_XDECREF(bytes);
	Py_XDECREF(text);
}

/* An exception that is no longer set. */
struct raised {
	PyObject *type, *value, *trace;
};

static struct raised raised_take(void)
{
	struct raised r;

	PyErr_Fetch(&r.type, &r.value, &r.trace);
	PyErr_NormalizeException(&r.type, &r.value, &r.trace);
	return r;
}

static void raised_drop(struct raised *r)
{
	Py_XDECREF(r->trace);
	Py_XDECREF(r->value);
	Py_XDECREF(r->type);
}

void py_error_log(const char *fmt, ...)
{
	struct raised r = raised_take();
	char message[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	if (!log_bridge_exception(message, r.type, r.value, r.trace) && log_enabled(LOG_ERROR))
		write_exception(message, r.type, r.value, r.trace);
	raised_drop(&r);
}

void py_error_warn(const char *fmt, ...)
{
	struct raised r = raised_take();
	PyObject *text = exception_text(r.type, r.value, r.trace);
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
	char message[1024];
	va_list args;

	PyErr_Clear();
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	log_warning("%s\n%s", message, utf8 ? utf8 : "");
	Py_XDECREF(text);
	raised_drop(&r);
}

int py_error_sentence(struct err *err, int exit_code, const char *fallback)
{
	struct raised r = raised_take();
	PyObject *text = r.value ? PyObject_Str(r.value) : NULL;
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;

	err_set_exit(err, exit_code, "%s", utf8 ? utf8 : fallback);
	PyErr_Clear();
	Py_XDECREF(text);
	raised_drop(&r);
	return -1;
}

/* What sys.exit(value) says, for those who read the log only. */
static void log_exit(PyObject *value)
{
	PyObject *text = log_is_stderr() ? NULL : PyObject_Str(value);
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;

	PyErr_Clear();
	if (utf8)
		log_error("%s", utf8);
	Py_XDECREF(text);
}

/* What sys.exit(value) means to the process. */
static int exit_code_of(PyObject *value)
{
	long code;

	if (!value || value == Py_None)
		return 0;
	if (PyLong_Check(value)) {
		code = PyLong_AsLong(value);
		PyErr_Clear();
		return (int)(code & 0xff);
	}
	PyFile_WriteObject(value, PySys_GetObject("stderr"), Py_PRINT_RAW);
	PySys_WriteStderr("\n");
	PyErr_Clear();
	log_exit(value);
	return 1;
}

bool py_error_is_exit(int *code)
{
	PyObject *type, *value, *trace, *exit_value;

	if (!PyErr_ExceptionMatches(PyExc_SystemExit))
		return false;
	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	exit_value = value ? PyObject_GetAttrString(value, "code") : NULL;
	PyErr_Clear();
	*code = exit_code_of(exit_value);
	Py_XDECREF(exit_value);
	Py_XDECREF(trace);
	Py_XDECREF(value);
	Py_XDECREF(type);
	return true;
}
