/* wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling").
 *
 * The class is an ordinary iterable over blocks, so that middleware may wrap
 * it; result.c sends a real file behind it without reading it here. */
#include "wsgi.h"

struct wrapper_object {
	PyObject_HEAD PyObject *filelike;
	Py_ssize_t blksize;
};

static PyTypeObject wrapper_type;

static int wrapper_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"filelike", (char *)"blksize", NULL};
	struct wrapper_object *w = (struct wrapper_object *)self;
	PyObject *filelike;

	w->blksize = 8192;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|n", names, &filelike, &w->blksize))
		return -1;
	Py_XSETREF(w->filelike, Py_NewRef(filelike));
	return 0;
}

static int wrapper_traverse(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(((struct wrapper_object *)self)->filelike);
	return 0;
}

static int wrapper_clear(PyObject *self)
{
	Py_CLEAR(((struct wrapper_object *)self)->filelike);
	return 0;
}

static void wrapper_dealloc(PyObject *self)
{
	PyObject_GC_UnTrack(self);
	wrapper_clear(self);
	Py_TYPE(self)->tp_free(self);
}

/* __new__ without __init__ leaves a wrapper round nothing. */
static PyObject *wrapped_file(PyObject *self)
{
	PyObject *file = ((struct wrapper_object *)self)->filelike;

	if (!file)
		PyErr_SetString(PyExc_ValueError, "this FileWrapper has no file");
	return file;
}

static PyObject *wrapper_block(PyObject *self)
{
	struct wrapper_object *w = (struct wrapper_object *)self;

	if (!wrapped_file(self))
		return NULL;
	return PyObject_CallMethod(w->filelike, "read", "n", w->blksize);
}

static PyObject *wrapper_next(PyObject *self)
{
	PyObject *block = wrapper_block(self);

	if (block && PyObject_IsTrue(block) <= 0) {
		Py_DECREF(block);
		return NULL; /* without an exception: the end */
	}
	return block;
}

/* The iteration protocol of old: blocks by index, whatever the index. */
static PyObject *wrapper_item(PyObject *self, Py_ssize_t index)
{
	PyObject *block = wrapper_next(self);

	UNUSED(index);
	if (!block && !PyErr_Occurred())
		PyErr_SetNone(PyExc_IndexError);
	return block;
}

/* close exists only if the file has one. */
static PyObject *wrapper_getattro(PyObject *self, PyObject *name)
{
	if (PyUnicode_CompareWithASCIIString(name, "close") == 0)
		return wrapped_file(self) ? PyObject_GetAttr(wrapped_file(self), name) : NULL;
	return PyObject_GenericGetAttr(self, name);
}

static PyMemberDef wrapper_members[] = {
	{"filelike", T_OBJECT, offsetof(struct wrapper_object, filelike), READONLY, "the file"},
	{"blksize", T_PYSSIZET, offsetof(struct wrapper_object, blksize), READONLY,
	 "bytes read at a time"},
	{0},
};

static PySequenceMethods wrapper_sequence = {.sq_item = wrapper_item};

static PyTypeObject wrapper_type = {
	PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ucorn.FileWrapper",
	.tp_basicsize = sizeof(struct wrapper_object),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
	.tp_new = PyType_GenericNew,
	.tp_init = wrapper_init,
	.tp_traverse = wrapper_traverse,
	.tp_clear = wrapper_clear,
	.tp_dealloc = wrapper_dealloc,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = wrapper_next,
	.tp_getattro = wrapper_getattro,
	.tp_members = wrapper_members,
	.tp_as_sequence = &wrapper_sequence,
	.tp_doc = "FileWrapper(filelike, blksize=8192): a file as an iterable of blocks.",
};

PyObject *file_wrapper_type(void)
{
	if (PyType_Ready(&wrapper_type) < 0)
		return NULL;
	return Py_NewRef((PyObject *)&wrapper_type);
}

bool file_wrapper_is(PyObject *result)
{
	return Py_TYPE(result) == &wrapper_type &&
	       ((struct wrapper_object *)result)->filelike != NULL;
}

PyObject *file_wrapper_file(PyObject *wrapper)
{
	return ((struct wrapper_object *)wrapper)->filelike;
}
