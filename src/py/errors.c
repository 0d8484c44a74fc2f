/* Tells the exception that is set, the way Python's own traceback module does. */
#include "ucorn/py/errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "ucorn/py/pyapi.h"
#include "ucorn/util/log.h"

/* The exception that is set as one text; clears it.  NULL if even that fails. */
static PyObject *exception_text(void)
{
	PyObject *type, *value, *trace, *module, *lines = NULL, *empty = NULL, *text = NULL;

	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
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
	Py_XDECREF(trace);
	Py_XDECREF(value);
	Py_XDECREF(type);
	return text;
}

void py_error_log(const char *fmt, ...)
{
	PyObject *text, *bytes = NULL;
	char message[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);

	text = exception_text();
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
