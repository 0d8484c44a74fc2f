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
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"
#include "ucorn/util/exec.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"

/* Where it says "library", the program does not become python3. */
#define WAY "UCORN_PYTHON"

/* In the environment of a program that has tried: the module could not be loaded. */
#define FAILED "UCORN_MODULE_FAILED"

/* What python3 runs, from a file in memory: behind -c, Python 3.13 imports modules from the
 * current folder, and keeps the text.  It leaves Python as the library would have started it:
 * nothing in __main__, no folder of the script's at the front of sys.path, the program's own
 * arguments.  At its end it fails: for who is told of that, there is no Python function on the
 * stack, which warnings and tracebacks would show.
 *
 * %s: in hexadecimal digits the state (exec_save), the paths of module, program and python3. */
static const char script[] =
	"def enter():\n"
	"    import posix, sys\n"
	"    if not getattr(sys.flags, 'safe_path', False):\n"
	"        del sys.path[0]\n"
	"    from importlib.machinery import BuiltinImporter, ExtensionFileLoader, ModuleSpec\n"
	"    def decode(text):\n"
	"        return text.decode(sys.getfilesystemencoding(), 'surrogateescape')\n"
	"    state, path, program, executable = map(bytes.fromhex, ('%s', '%s', '%s', '%s'))\n"
	"    main = vars(sys.modules['__main__'])\n"
	"    script = main['__file__']\n"
	"    sys.path_importer_cache.pop(script, None)\n"
	"    posix.close(int(script.rpartition('/')[2]))\n"
	"    fields = state.split(b'\\0')[:-1]\n"
	"    argc, _variables, ignored, _blocked, _name, folder, *strings = fields\n"
	"    argc = int(argc)\n"
	"    sys.argv[:] = map(decode, strings[:argc])\n"
	"    if hasattr(sys, 'orig_argv'):\n"
	"        sys.orig_argv[:] = sys.argv\n"
	"    path = decode(path)\n"
	"    loader = ExtensionFileLoader('_ucorn', path)\n"
	"    try:\n"
	"        module = loader.create_module(ModuleSpec('_ucorn', loader, origin=path))\n"
	"    except ImportError as error:\n"
	"        sys.stderr.write(f\"Cannot load {path}: {error}. Python's library is used \"\n"
	"                         'instead, which is slower.\\n')\n"
	"        sys.stderr.flush()\n"
	"        import _signal\n"
	"        for number in _signal.SIGPIPE, _signal.SIGXFSZ:\n"
	"            if ignored[number - 1] != ord('1'):\n"
	"                _signal.signal(number, _signal.SIG_DFL)\n"
	"        posix.chdir(folder)\n"
	"        environ = dict(item.split(b'=', 1) for item in strings[argc:] if b'=' in item)\n"
	"        environ[b'" FAILED "'] = b'1'\n"
	"        posix.execve(program, strings[:argc], environ)\n"
	"    del sys.modules['_ucorn']\n"
	"    main['__loader__'] = BuiltinImporter\n"
	"    for name in 'enter', '__file__', '__cached__':\n"
	"        main.pop(name, None)\n"
	"    module.excepthook, sys.excepthook = sys.excepthook, module.run\n"
	"    module.state, module.executable = state, executable\n"
	"    raise RuntimeError('ucorn begins here')\n"
	"enter()\n";

enum { OWN_ARGUMENTS = 2 }; /* python3 and the script's path */

static bool is_module;

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

static void put_digits(FILE *out, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		putc(digits[(unsigned char)bytes[i] >> 4], out);
		putc(digits[bytes[i] & 0xf], out);
	}
}

/* What exec_save writes; the caller's to free; NULL: no memory. */
static char *save_state(char **argv, size_t *len)
{
	char *state = NULL;
	FILE *out = open_memstream(&state, len);

	if (!out)
		return NULL;
	exec_save(out, argv);
	if (fclose(out) == 0)
		return state;
	free(state);
	return NULL;
}

/* The script with all that it needs; the caller's to free; NULL: no memory. */
static char *make_script(const char *const paths[], char **argv)
{
	size_t state_len, len;
	char *state = save_state(argv, &state_len), *text = NULL;
	const char *rest = script, *gap;
	FILE *out = state ? open_memstream(&text, &len) : NULL;

	for (size_t i = 0; out && (gap = strstr(rest, "%s")); i++, rest = gap + 2) {
		fwrite(rest, 1, (size_t)(gap - rest), out);
		if (i == 0)
			put_digits(out, state, state_len);
		else
			put_digits(out, paths[i - 1], strlen(paths[i - 1]));
	}
	if (out)
		fputs(rest, out);
	free(state);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Linux from 6.3 on wants to be told that nobody is going to execute the file. */
static int open_memory(void)
{
	enum { NOEXEC_SEAL = 0x0008 };
	int fd = memfd_create(NAME_PROGRAM, NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create(NAME_PROGRAM, 0) : fd;
}

/* A limit of file sizes (RLIMIT_FSIZE) is an error here, and not the end. */
static int write_limited(int fd, const char *text)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int rc;

	sigaction(SIGXFSZ, &ignore, &before);
	rc = fd_write_all(fd, text, strlen(text));
	sigaction(SIGXFSZ, &before, NULL);
	return rc;
}

/* A file that survives exec, or -1 with errno. */
static int put_into_memory(const char *text)
{
	int fd = open_memory(), rc;

	if (fd < 0)
		return -1;
	rc = write_limited(fd, text);
	if (rc < 0) {
		close(fd);
		errno = -rc;
		return -1;
	}
	return fd;
}

/* argv, whose end is NULL, with OWN_ARGUMENTS before it; NULL: no memory. */
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
	arguments[1] = path;
	memcpy(arguments + OWN_ARGUMENTS, argv, count * sizeof(*argv));
	return arguments;
}

/* Returns if it cannot be done, with errno. */
static void exec_script(const char *executable, const char *text, char **argv)
{
	char path[64], **arguments;
	int fd = put_into_memory(text), saved;

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	arguments = python_arguments(executable, path, argv);
	if (arguments)
		execv(executable, arguments);
	saved = errno;
	free(arguments);
	close(fd);
	errno = saved;
}

static bool may_become(const char *executable)
{
	const char *way = getenv(WAY);
	bool library = way && strcmp(way, "library") == 0;

	if (way && *way && !library)
		log_warning(WAY " is '%s', which says nothing: write library, or unset it.", way);
	if (getenv(FAILED)) {
		unsetenv(FAILED); /* the next program may be another one */
		return false;
	}
	/* What privileges the program's file gives would be lost. */
	return !library && !getauxval(AT_SECURE) && is_built_for(executable);
}

/* Returns if it cannot be done, or is not to be. */
static void become(const char *executable, char **argv)
{
	char module[PATH_MAX], program[PATH_MAX], *text;

	if (!may_become(executable) || !argv[0] || !find_module(program, module))
		return;
	text = make_script((const char *const[]){module, program, executable}, argv);
	if (text)
		exec_script(executable, text, argv);
	log_warning("Cannot go on as %s: %s. Python's library is used instead, which is slower.",
		    executable, strerror(errno));
	free(text);
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

/* What the program before has handed on; gives its argv, which stays, or NULL. */
static char **restore(PyObject *module, int *argc)
{
	PyObject *state = PyObject_GetAttrString(module, "state");
	PyObject *executable = PyObject_GetAttrString(module, "executable");
	char **argv = NULL, *copy;
	size_t len;

	if (state && executable && PyBytes_Check(state) && PyBytes_Check(executable)) {
		environment_set(PyBytes_AS_STRING(executable));
		len = (size_t)PyBytes_GET_SIZE(state);
		copy = malloc(len + 1);
		if (copy)
			argv = exec_restore(memcpy(copy, PyBytes_AS_STRING(state), len), len, argc);
	}
	Py_XDECREF(executable);
	Py_XDECREF(state);
	return argv;
}

/* sys.excepthook.  Does not return: the program ends Python, below this call, as Py_Exit does. */
static PyObject *run(PyObject *module, PyObject *arguments)
{
	PyObject *hook = PyObject_GetAttrString(module, "excepthook");
	int argc, code;
	char **argv = restore(module, &argc);

	UNUSED(arguments);
	if (!hook || !argv)
		return PyErr_Format(PyExc_RuntimeError, NAME_PROGRAM " runs this, nobody else");
	forget_script(hook);
	Py_DECREF(hook);
	is_module = true;
	code = main(argc, argv);
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
