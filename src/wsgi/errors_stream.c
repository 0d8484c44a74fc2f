/* wsgi.errors: a text stream into the error log. */
#include "ucorn/util/log.h"
#include "wsgi.h"

static PyObject *errors_write(PyObject *self, PyObject *text)
{
	PyObject *bytes;

	UNUSED(self);
	if (!PyUnicode_Check(text)) {
		PyErr_Format(PyExc_TypeError, "write() argument must be str, not %.100s",
			     Py_TYPE(text)->tp_name);
		return NULL;
	}
	bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
	if (!bytes)
		return NULL;
	log_raw(slice_of(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)));
	Py_DECREF(bytes);
	return PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text));
}

static PyObject *errors_writelines(PyObject *self, PyObject *lines)
{
	PyObject *iterator = PyObject_GetIter(lines), *line, *written;

	if (!iterator)
		return NULL;
	while ((line = PyIter_Next(iterator))) {
		written = errors_write(self, line);
		Py_DECREF(line);
		Py_XDECREF(written);
		if (!written)
			break;
	}
	Py_DECREF(iterator);
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/* Every write goes out at once. */
static PyObject *errors_flush(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	Py_RETURN_NONE;
}

static PyMethodDef errors_methods[] = {
	{"write", errors_write, METH_O, "Writes text to the error log."},
	{"writelines", errors_writelines, METH_O, "Writes each text of an iterable."},
	{"flush", errors_flush, METH_NOARGS, "Does nothing: every write goes out at once."},
	{0},
};

static PyTypeObject errors_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.errors",
	.tp_basicsize = sizeof(PyObject),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_methods = errors_methods,
	.tp_doc = "wsgi.errors: a text stream into the error log.",
};

PyObject *errors_stream_new(void)
{
	if (PyType_Ready(&errors_type) < 0)
		return NULL;
	return PyObject_New(PyObject, &errors_type);
}
