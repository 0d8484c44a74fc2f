/* The one way to Python.h, with what differs between CPython 3.9 and 3.14. */
#ifndef UCORN_PY_PYAPI_H
#define UCORN_PY_PYAPI_H

#define PY_SSIZE_T_CLEAN /* lengths are Py_ssize_t */
/* clang-format off: the others need it */
#include <Python.h>
/* clang-format on */
#include <stdbool.h>
#include <structmember.h>

#if defined(UCORN_PYDEBUG) && !defined(Py_REF_DEBUG)
#error "the debug build of Python is to be embedded, but these are not its headers"
#endif

#if PY_VERSION_HEX < 0x03090000
#error "ucorn needs Python 3.9 or newer"
#endif

#if PY_VERSION_HEX < 0x030a0000
static inline PyObject *Py_NewRef(PyObject *o)
{
	Py_INCREF(o);
	return o;
}

static inline PyObject *Py_XNewRef(PyObject *o)
{
	Py_XINCREF(o);
	return o;
}
#endif

/* The bytes of a str whose characters are all latin-1; false with TypeError or
 * ValueError set when o is no such str.  What names o in the message. */
static inline bool py_latin1(PyObject *o, const char *what, const char **bytes, size_t *len)
{
	if (!PyUnicode_Check(o)) {
		PyErr_Format(PyExc_TypeError, "%s must be str, not %.100s", what,
			     Py_TYPE(o)->tp_name);
		return false;
	}
#if PY_VERSION_HEX < 0x030c0000
	if (PyUnicode_READY(o) < 0)
		return false;
#endif
	if (PyUnicode_KIND(o) != PyUnicode_1BYTE_KIND) {
		PyErr_Format(PyExc_ValueError, "%s has characters outside of latin-1: %R", what, o);
		return false;
	}
	*bytes = (const char *)PyUnicode_1BYTE_DATA(o);
	*len = (size_t)PyUnicode_GET_LENGTH(o);
	return true;
}

#endif
