/* Both ends of the way from the program to python3: exec with a script, and the module that
 * the script loads.
 *
 * Whatever python3 does before is to leave no trace: applications must not be able to tell
 * one from the other (tests/functional/test_python.py compares them). */
#include "ucorn/py/reexec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "ucorn/py/pyapi.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"

/* What python3 runs.  It leaves Python as the library would have started it: nothing in
 * __main__, no folder for the script at the front of sys.path, Ctrl-C not Python's, the
 * program's own arguments.  At its end it fails: for who is told of that, there is no Python
 * function on the stack, to which warnings and lists of callers would go. */
static const char script[] =
	"def enter():\n"
	"    import _signal, sys\n"
	"    if not getattr(sys.flags, 'safe_path', False):\n"
	"        del sys.path[0]\n"
	"    from importlib.machinery import ExtensionFileLoader, ModuleSpec\n"
	"    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:\n"
	"        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)\n"
	"    path, *arguments = sys.argv[1:]\n"
	"    sys.argv[:] = arguments\n"
	"    if hasattr(sys, 'orig_argv'):\n"
	"        sys.orig_argv[:] = arguments\n"
	"    loader = ExtensionFileLoader('_ucorn', path)\n"
	"    try:\n"
	"        module = loader.create_module(ModuleSpec('_ucorn', loader, origin=path))\n"
	"    except ImportError as error:\n"
	"        sys.exit(f'\\nError: Cannot load {path}: {error}. Install ucorn anew.')\n"
	"    del globals()['enter'], sys.modules['_ucorn']\n"
	"    module.excepthook, sys.excepthook = sys.excepthook, module.run\n"
	"    raise SystemError('not an error')\n"
	"enter()\n";

enum { OWN_ARGUMENTS = 4 }; /* python3 -c script path */

static bool is_module;

/* Whoever may write into the program's folder, as all may in /tmp, cannot plant a module. */
static bool is_of_program(const char *path)
{
	struct stat program, module;

	return stat("/proc/self/exe", &program) == 0 && stat(path, &module) == 0 &&
	       module.st_uid == program.st_uid && access(path, R_OK) == 0;
}

/* Beside the program, as after the build, or where it is installed. */
static bool find_module(char path[PATH_MAX])
{
	static const char *const folders[] = {"", UCORN_MODULE_FOLDER "/"};
	char program[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len <= 0)
		return false;
	program[len] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return false;
	slash[1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		int n = snprintf(path, PATH_MAX, "%s%s%s", program, folders[i], UCORN_MODULE);

		if (n > 0 && n < PATH_MAX && is_of_program(path))
			return true;
	}
	return false;
}

/* Another python3 may have another ABI, or have no more than a library itself.  A build without
 * the module is for none. */
static bool is_built_for(const char *executable)
{
	char real[PATH_MAX];

	return realpath(executable, real) && strcmp(real, UCORN_MODULE_PYTHON) == 0;
}

/* Of argv, whose end is NULL, with OWN_ARGUMENTS before it; NULL: no memory. */
static char **python_arguments(const char *executable, char *path, char **argv)
{
	size_t count = 0;
	char **arguments;

	while (argv[count++])
		;
	arguments = malloc((OWN_ARGUMENTS + count) * sizeof(*arguments));
	if (!arguments)
		return NULL;
	arguments[0] = (char *)executable;
	arguments[1] = (char *)"-c";
	arguments[2] = (char *)script;
	arguments[3] = path;
	memcpy(arguments + OWN_ARGUMENTS, argv, count * sizeof(*argv));
	return arguments;
}

/* Returns if it cannot be done: what a file's capabilities have given would be lost. */
static void try_exec(const char *executable, char **argv)
{
	char path[PATH_MAX], **arguments;

	if (getauxval(AT_SECURE) || !is_built_for(executable) || !find_module(path))
		return;
	arguments = python_arguments(executable, path, argv);
	if (arguments)
		execv(executable, arguments);
	log_warning("Cannot go on as %s: %s. Its library is used instead.", executable,
		    strerror(errno));
	free(arguments);
}

int reexec_as_python(char **argv, struct err *err)
{
	int rc = is_module ? 0 : environment_choose(err);

	if (rc == 0 && !is_module)
		try_exec(environment_executable(), argv);
	return rc;
}

/* sys.excepthook.  Does not return: the program ends Python, below this call, as Py_Exit does. */
static PyObject *run(PyObject *module, PyObject *arguments)
{
	static const char *const traces[] = {"last_exc", "last_type", "last_value",
					     "last_traceback"};
	PyObject *hook = PyObject_GetAttrString(module, "excepthook");
	int argc;
	char **argv = title_arguments(&argc);

	UNUSED(arguments);
	if (!hook || argc <= OWN_ARGUMENTS)
		return PyErr_Format(PyExc_RuntimeError, NAME_PROGRAM " runs this, nobody else");
	for (size_t i = 0; i < ARRAY_LEN(traces); i++)
		PySys_SetObject(traces[i], NULL);
	PySys_SetObject("excepthook", hook);
	Py_DECREF(hook);
	prctl(PR_SET_NAME, NAME_PROGRAM);
	environment_set(argv[0]);
	is_module = true;
	exit(main(argc - OWN_ARGUMENTS, argv + OWN_ARGUMENTS));
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_ucorn", .m_size = -1,
					.m_methods = methods};

PyMODINIT_FUNC PyInit__ucorn(void);

PyMODINIT_FUNC PyInit__ucorn(void)
{
	return PyModule_Create(&definition);
}
