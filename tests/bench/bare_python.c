/* What workers cost at least: an embedded interpreter that imports modules, forks, imports
 * more in each child, and does nothing.
 *
 *   bare_python EXECUTABLE CHILDREN BEFORE AFTER [FOLDER]
 *
 * EXECUTABLE: the interpreter to be; BEFORE, AFTER: files with names of modules, a line
 * each, imported before the forks and in each child; FOLDER: goes on sys.path.  A child
 * writes a line to stdout when it is ready; all end with their parent's stdin. */
#include <Python.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 512 };

/* Those that cannot be imported by name (__main__ of others) are passed over. */
static void import_all(const char *path)
{
	char name[NAME_MAX_BYTES];
	FILE *names = fopen(path, "re");

	while (names && fgets(name, sizeof(name), names)) {
		name[strcspn(name, "\n")] = '\0';

		PyObject *module = PyImport_ImportModule(name);

		if (!module)
			PyErr_Clear();
		Py_XDECREF(module);
	}
	if (names)
		fclose(names);
}

static void start(char *executable)
{
	PyConfig config;

	PyConfig_InitPythonConfig(&config);
	config.install_signal_handlers = 0;
	config.parse_argv = 0;
	PyConfig_SetBytesString(&config, &config.executable, executable);
	PyConfig_SetBytesString(&config, &config.program_name, executable);
	Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
}

static void add_folder(const char *folder)
{
	PyObject *name = PyUnicode_DecodeFSDefault(folder);

	if (!name || PyList_Insert(PySys_GetObject("path"), 0, name) < 0)
		PyErr_Clear();
	Py_XDECREF(name);
}

static _Noreturn void live(const char *after)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	PyOS_AfterFork_Child();
	import_all(after);
	/* In one piece: they all write to one pipe. */
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(1);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	start(argv[1]);
	if (argc > 5)
		add_folder(argv[5]);
	import_all(argv[3]);
	PyRun_SimpleString("import gc; gc.collect(); gc.freeze()");
	for (long n = strtol(argv[2], NULL, 10); n > 0; n--) {
		PyOS_BeforeFork();
		if (fork() == 0)
			live(argv[4]);
		PyOS_AfterFork_Parent();
	}
	while (getchar() != EOF) {
	}
	return 0;
}
