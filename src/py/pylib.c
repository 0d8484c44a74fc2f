/* The embedded packages, ucorn and gunicorn: sources that were compiled into the
 * program, found by an importer that stands before all others.  They do not
 * depend on any file of the machine, and cannot be shadowed by one. */
#include "ucorn/py/pylib.h"

#include "ucorn/py/errors.h"
#include "ucorn/util/base.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"

struct pylib_module {
	const char *name;
	const char *source;
};

#include "pylib.inc"

static const char importer_name[] = "ucorn.importer";

/* {name: source} of all modules: a new reference, or NULL with an exception. */
static PyObject *all_sources(void)
{
	PyObject *sources = PyDict_New();

	for (size_t i = 0; sources && i < ARRAY_LEN(modules); i++) {
		PyObject *source = PyUnicode_FromString(modules[i].source);

		if (!source || PyDict_SetItemString(sources, modules[i].name, source) < 0)
			Py_CLEAR(sources);
		Py_XDECREF(source);
	}
	return sources;
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
static PyObject *importer_run(PyObject *sources)
{
	PyObject *key = PyUnicode_FromString(importer_name), *code, *module = NULL;
	PyObject *source = key ? PyDict_GetItemWithError(sources, key) : NULL;
	const char *text = source ? PyUnicode_AsUTF8(source) : NULL;

	Py_XDECREF(key);
	code = text ? Py_CompileString(text, "<ucorn>/ucorn/importer.py", Py_file_input) : NULL;
	if (code)
		module = PyImport_ExecCodeModule(importer_name, code);
	Py_XDECREF(code);
	return module;
}

int pylib_install(struct err *err)
{
	PyObject *sources = all_sources(), *names = all_names(), *importer = NULL, *done = NULL;
	PyObject *title = PyCFunction_New(&title_method, NULL);

	if (sources)
		importer = importer_run(sources);
	if (importer && names && title)
		done = PyObject_CallMethod(importer, "install", "OOO", sources, names, title);
	Py_XDECREF(title);
	Py_XDECREF(importer);
	Py_XDECREF(names);
	Py_XDECREF(sources);
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
