/* Both ends of the way from the program to python3: exec with a script, and the module that
 * the script loads.
 *
 * Whatever python3 does before is to leave no trace: applications must not be able to tell
 * one from the other (tests/functional/test_python.py compares them). */
#include "ucorn/py/reexec.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"
#include "ucorn/util/exec.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"

/* Where it says "library", the program does not become python3. */
#define WAY "UCORN_PYTHON"

/* What python3 runs, from a file in memory: behind -c, Python 3.13 imports modules from the
 * current folder, and keeps the text.  It leaves Python as the library would have started it:
 * nothing in __main__, no folder of the script's at the front of sys.path, the program's own
 * arguments.  At its end it fails: for who is told of that, there is no Python function on the
 * stack, which warnings and tracebacks would show.
 *
 * %s: the paths of module and program in hexadecimal digits. */
static const char script[] =
	"def enter():\n"
	"    import posix, sys\n"
	"    if not getattr(sys.flags, 'safe_path', False):\n"
	"        del sys.path[0]\n"
	"    from importlib.machinery import BuiltinImporter, ExtensionFileLoader, ModuleSpec\n"
	"    script, _signals, *arguments = sys.argv\n"
	"    sys.argv[:] = arguments\n"
	"    if hasattr(sys, 'orig_argv'):\n"
	"        sys.orig_argv[:] = arguments\n"
	"    sys.path_importer_cache.pop(script, None)\n"
	"    posix.close(int(script.rpartition('/')[2]))\n"
	"    path = bytes.fromhex('%s').decode(sys.getfilesystemencoding(), 'surrogateescape')\n"
	"    loader = ExtensionFileLoader('_ucorn', path)\n"
	"    try:\n"
	"        module = loader.create_module(ModuleSpec('_ucorn', loader, origin=path))\n"
	"    except ImportError as error:\n"
	"        sys.stderr.write(f\"Cannot load {path}: {error}. Python's library is used \"\n"
	"                         'instead, which is slower.\\n')\n"
	"        sys.stderr.flush()\n"
	"        posix.putenv('" WAY "', 'library')\n"
	"        posix.execv(bytes.fromhex('%s'), arguments)\n"
	"    del sys.modules['_ucorn']\n"
	"    main = sys.modules['__main__']\n"
	"    main.__loader__ = BuiltinImporter\n"
	"    for name in 'enter', '__file__', '__cached__':\n"
	"        delattr(main, name)\n"
	"    module.excepthook, sys.excepthook = sys.excepthook, module.run\n"
	"    raise RuntimeError('ucorn begins here')\n"
	"enter()\n";

enum { SIGNALS_ARGUMENT = 2, OWN_ARGUMENTS }; /* python3, the script's path, these */

static bool is_module;

/* What python3 ignores at its start.  The next program that USR2 starts gets the signals that
 * this one was started with. */
static const struct {
	char letter;
	int number;
} ignored_by_python[] = {{'p', SIGPIPE}, {'x', SIGXFSZ}};

/* The letters of those that are not ignored now. */
static void note_signals(char letters[ARRAY_LEN(ignored_by_python) + 1])
{
	for (size_t i = 0; i < ARRAY_LEN(ignored_by_python); i++) {
		if (PyOS_getsig(ignored_by_python[i].number) != SIG_IGN)
			*letters++ = ignored_by_python[i].letter;
	}
	*letters = '\0';
}

static void restore_signals(const char *letters)
{
	for (size_t i = 0; i < ARRAY_LEN(ignored_by_python); i++) {
		if (strchr(letters, ignored_by_python[i].letter))
			signal(ignored_by_python[i].number, SIG_DFL);
	}
}

/* Whether only root or whoever owns the program can have put it there. */
static bool is_trusted(const char *path)
{
	struct stat program, file;

	return stat("/proc/self/exe", &program) == 0 && stat(path, &file) == 0 &&
	       (file.st_uid == 0 || file.st_uid == program.st_uid) && !(file.st_mode & S_IWOTH);
}

/* What may be loaded, without links in its path: nobody can plant a module in /tmp. */
static bool resolve_module(const char *name, char path[PATH_MAX])
{
	char *slash;
	bool trusted;

	if (!realpath(name, path) || !is_trusted(path) || access(path, R_OK) < 0)
		return false;
	slash = strrchr(path, '/');
	*slash = '\0';
	trusted = is_trusted(*path ? path : "/");
	*slash = '/';
	return trusted;
}

/* Beside the program, as after the build, or where it is installed.  program: gets its path. */
static bool find_module(char program[PATH_MAX], char path[PATH_MAX])
{
	static const char *const folders[] = {"", UCORN_MODULE_FOLDER "/"};
	char name[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, PATH_MAX - 1);
	const char *slash;

	if (len <= 0)
		return false;
	program[len] = '\0';
	slash = strrchr(program, '/');
	for (size_t i = 0; slash && i < ARRAY_LEN(folders); i++) {
		int n = snprintf(name, sizeof(name), "%.*s/%s%s", (int)(slash - program), program,
				 folders[i], UCORN_MODULE_FILE);

		if (n > 0 && (size_t)n < sizeof(name) && resolve_module(name, path))
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

static void hexadecimal(const char *text, char digits[2 * PATH_MAX])
{
	static const char table[] = "0123456789abcdef";

	for (; *text; text++) {
		*digits++ = table[(unsigned char)*text >> 4];
		*digits++ = table[*text & 0xf];
	}
	*digits = '\0';
}

/* A descriptor that survives exec, or -1. */
static int make_script(const char *module, const char *program)
{
	char module_hex[2 * PATH_MAX], program_hex[2 * PATH_MAX];
	int fd = memfd_create(NAME_PROGRAM, 0);

	hexadecimal(module, module_hex);
	hexadecimal(program, program_hex);
	if (fd >= 0 && dprintf(fd, script, module_hex, program_hex) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* argv, whose end is NULL, with OWN_ARGUMENTS before it; NULL: no memory. */
static char **python_arguments(const char *executable, char *path, char *signals, char **argv)
{
	size_t count = 0;
	char **arguments;

	while (argv[count++])
		;
	arguments = malloc((OWN_ARGUMENTS + count) * sizeof(*arguments));
	if (!arguments)
		return NULL;
	arguments[0] = (char *)executable;
	arguments[1] = path;
	arguments[SIGNALS_ARGUMENT] = signals;
	memcpy(arguments + OWN_ARGUMENTS, argv, count * sizeof(*argv));
	return arguments;
}

/* Returns if it cannot be done. */
static void exec_script(const char *executable, int fd, char **argv)
{
	char path[64], signals[ARRAY_LEN(ignored_by_python) + 1], **arguments;

	note_signals(signals);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	arguments = python_arguments(executable, path, signals, argv);
	if (arguments)
		execv(executable, arguments);
	free(arguments);
}

/* Likewise; then why it could not, if it should have been. */
static void become(const char *executable, char **argv)
{
	const char *way = getenv(WAY);
	char module[PATH_MAX], program[PATH_MAX];
	int fd;

	if (way && strcmp(way, "library") == 0)
		return;
	/* What privileges the file gives would be lost. */
	if (getauxval(AT_SECURE) || !argv[0] || !is_built_for(executable) ||
	    !find_module(program, module))
		return;
	fd = make_script(module, program);
	if (fd >= 0)
		exec_script(executable, fd, argv);
	log_warning("Cannot go on as %s: %s. Python's library is used instead, which is slower.",
		    executable, strerror(errno));
	if (fd >= 0)
		close(fd);
}

int reexec_as_python(char **argv, struct err *err)
{
	int rc = is_module ? 0 : environment_choose(err);

	if (rc == 0 && !is_module)
		become(environment_executable(), argv);
	return rc;
}

bool reexec_is_python(void)
{
	return is_module;
}

/* What the script could not undo itself. */
static void forget_script(PyObject *hook)
{
	static const char *const traces[] = {"last_exc", "last_type", "last_value",
					     "last_traceback"};

	for (size_t i = 0; i < ARRAY_LEN(traces); i++)
		PySys_SetObject(traces[i], NULL);
	PySys_SetObject("excepthook", hook);
}

/* sys.excepthook.  Does not return: the program ends Python, below this call, as Py_Exit does. */
static PyObject *run(PyObject *module, PyObject *arguments)
{
	PyObject *hook = PyObject_GetAttrString(module, "excepthook");
	const char *name;
	int argc, code;
	char **argv = exec_arguments(&argc);

	UNUSED(arguments);
	if (!hook || argc <= OWN_ARGUMENTS)
		return PyErr_Format(PyExc_RuntimeError, NAME_PROGRAM " runs this, nobody else");
	forget_script(hook);
	Py_DECREF(hook);
	restore_signals(argv[SIGNALS_ARGUMENT]);
	environment_set(argv[0]);
	is_module = true;
	argv += OWN_ARGUMENTS;
	name = strrchr(argv[0], '/');
	prctl(PR_SET_NAME, name ? name + 1 : argv[0]);
	code = main(argc - OWN_ARGUMENTS, argv);
	exit(Py_IsInitialized() ? interp_end(code) : code);
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_ucorn", .m_size = -1,
					.m_methods = methods};

PyMODINIT_FUNC PyInit__ucorn(void);

PyMODINIT_FUNC PyInit__ucorn(void)
{
	return PyModule_Create(&definition);
}
