/* The embedded packages, ucorn and gunicorn: modules that were compiled into the
 * program, found by an importer that stands before all others.  They do not
 * depend on any file of the machine, and cannot be shadowed by one.
 *
 * Python sees them where they lie in the program, and copies what it uses.  Their bytecode
 * is that of the interpreter the program was built with; another one, of the same minor
 * version, may not know it: then it compiles the source. */
#include "ucorn/py/pylib.h"

#include <assert.h>
#include <string.h>

#include "ucorn/py/errors.h"
#include "ucorn/util/base.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"

struct pylib_bytes {
	const unsigned char *base;
	size_t len;
};

struct pylib_module {
	const char *name;
	struct pylib_bytes source, code;
};

#define BYTES(array)                   \
	{                              \
		(array), sizeof(array) \
	}
#define MODULE(name, source, code)                \
	{                                         \
#name, BYTES(source), BYTES(code) \
	}

#include "pylib.inc"

static const char importer_name[] = "ucorn.importer";

/* The bytes, not a copy of them: a new reference, or NULL with an exception. */
static PyObject *view_of(struct pylib_bytes bytes)
{
	return PyMemoryView_FromMemory((char *)(uintptr_t)bytes.base, (Py_ssize_t)bytes.len,
				       PyBUF_READ);
}

/* Whether this interpreter knows the bytecode. */
static bool code_is_known(void)
{
	long magic = PyImport_GetMagicNumber();

	_Static_assert(sizeof(bytecode_magic) == 4, "as PEP 552 has it");
	for (size_t i = 0; i < sizeof(bytecode_magic); i++)
		if (bytecode_magic[i] != (unsigned char)(magic >> (8 * i)))
			return false;
	return true;
}

/* {name: (source, code or None)} of all modules: a new reference, or NULL with an
 * exception. */
static PyObject *all_modules(void)
{
	bool known = code_is_known();
	PyObject *all = PyDict_New();

	for (size_t i = 0; all && i < ARRAY_LEN(modules); i++) {
		PyObject *source = view_of(modules[i].source);
		PyObject *code = known ? view_of(modules[i].code) : Py_NewRef(Py_None);
		PyObject *pair = source && code ? PyTuple_Pack(2, source, code) : NULL;

		if (!pair || PyDict_SetItemString(all, modules[i].name, pair) < 0)
			Py_CLEAR(all);
		Py_XDECREF(pair);
		Py_XDECREF(code);
		Py_XDECREF(source);
	}
	return all;
}

/* What the modules have to know of the program. */
static PyObject *all_names(void)
{
	return Py_BuildValue("{ss ss ss ss ss}", "program", NAME_PROGRAM, "version", UCORN_VERSION,
			     "server", NAME_SERVER, "software", NAME_SOFTWARE, "gunicorn_version",
			     NAME_GUNICORN_VERSION);
}

static PyObject *set_title(PyObject *self, PyObject *title)
{
	const char *text = PyUnicode_AsUTF8(title);

	UNUSED(self);
	if (!text)
		return NULL;
	title_set(NAME_PROGRAM ": %s", text);
	Py_RETURN_NONE;
}

static PyMethodDef title_method = {"set_title", set_title, METH_O, "The title of this process."};

/* The module that imports the others cannot be imported by itself. */
static PyObject *importer_run(void)
{
	const struct pylib_bytes *source = NULL;
	PyObject *text, *code = NULL, *module = NULL;

	for (size_t i = 0; i < ARRAY_LEN(modules); i++)
		if (strcmp(modules[i].name, importer_name) == 0)
			source = &modules[i].source;
	assert(source);
	text = PyBytes_FromStringAndSize((const char *)source->base, (Py_ssize_t)source->len);
	if (text)
		code = Py_CompileString(PyBytes_AS_STRING(text), "<ucorn>/ucorn/importer.py",
					Py_file_input);
	if (code)
		module = PyImport_ExecCodeModule(importer_name, code);
	Py_XDECREF(code);
	Py_XDECREF(text);
	return module;
}

int pylib_install(struct err *err)
{
	PyObject *all = all_modules(), *names = all_names(), *importer = NULL, *done = NULL;
	PyObject *title = PyCFunction_New(&title_method, NULL);

	if (all)
		importer = importer_run();
	if (importer && names && title)
		done = PyObject_CallMethod(importer, "install", "OOO", all, names, title);
	Py_XDECREF(title);
	Py_XDECREF(importer);
	Py_XDECREF(names);
	Py_XDECREF(all);
	if (!done) {
		py_error_log("Cannot import the server's own Python modules");
		return err_set_exit(err, 3, "Cannot import the server's own Python modules");
	}
	Py_DECREF(done);
	return 0;
}

PyObject *pylib_import(const char *name)
{
	return PyImport_ImportModule(name);
}

PyObject *pylib_call(const char *module, const char *function, PyObject *argument)
{
	PyObject *imported = pylib_import(module), *answer = NULL;

	if (imported)
		answer = PyObject_CallMethod(imported, function, argument ? "O" : NULL, argument);
	Py_XDECREF(imported);
	return answer;
}
