/* The embedded package: sources that were compiled into the program become
 * modules in sys.modules when they are first asked for.  They do not depend on
 * any file of the machine, and cannot be shadowed by one. */
#include "ucorn/py/pylib.h"

#include <string.h>

#include "ucorn/util/base.h"

struct pylib_module {
	const char *name;
	const char *source;
};

#include "pylib.inc"

static PyObject *module_run(const struct pylib_module *m)
{
	PyObject *module = NULL;
	PyObject *code = Py_CompileString(m->source, m->name, Py_file_input);

	if (code)
		module = PyImport_ExecCodeModule(m->name, code);
	Py_XDECREF(code);
	return module;
}

PyObject *pylib_import(const char *name)
{
	PyObject *key = PyUnicode_FromString(name);
	PyObject *loaded = key ? PyImport_GetModule(key) : NULL;

	Py_XDECREF(key);
	if (loaded || PyErr_Occurred())
		return loaded;
	for (size_t i = 0; i < ARRAY_LEN(modules); i++)
		if (strcmp(modules[i].name, name) == 0)
			return module_run(&modules[i]);
	PyErr_Format(PyExc_ImportError, "ucorn has no module %s", name);
	return NULL;
}
