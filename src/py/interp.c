/* The interpreter's life: the one place that starts, forks and ends Python.
 *
 * Python gets the user's environment through config.executable (never `home`,
 * which breaks virtual environments), keeps the PYTHON* variables, and leaves
 * signals to us. */
#include "ucorn/py/interp.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/hub.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/py/pylib.h"

static bool keeps_objects;

const char *interp_version(void)
{
	return PY_VERSION;
}

const char *interp_executable(void)
{
	return environment_executable();
}

/* Python would ignore these itself, had we let it install its handlers: a
 * write of the application to a closed pipe must not kill the worker. */
static void ignore_write_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static PyStatus config_fill(PyConfig *config, int argc, char **argv)
{
	const char *executable = environment_executable();
	PyStatus status;

	config->parse_argv = 0;
	config->install_signal_handlers = 0;
	status = PyConfig_SetBytesString(config, &config->executable, executable);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesString(config, &config->program_name, executable);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesArgv(config, argc, argv);
	return status;
}

static int start_library(int argc, char **argv, struct err *err)
{
	PyConfig config;
	PyStatus status;

	PyConfig_InitPythonConfig(&config);
	status = config_fill(&config, argc, argv);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	if (PyStatus_Exception(status))
		return err_set_exit(err, 3, "Cannot start Python " PY_VERSION " with %s: %s",
				    environment_executable(),
				    status.err_msg ? status.err_msg : "unknown error");
	return 0;
}

/* Puts the exception that is set into err. */
static int failed(struct err *err, const char *what)
{
	py_error_log("Cannot %s", what);
	return err_set(err, "Cannot %s", what);
}

/* What has been taken from the environment since Python has started must not be seen. */
static int update_environ(struct err *err)
{
	PyObject *os = PyImport_ImportModule("os"), *variables = NULL, *names = NULL;
	int rc = -1;

	if (os)
		variables = PyObject_GetAttrString(os, "environb");
	if (variables)
		names = PySequence_List(variables);
	for (Py_ssize_t i = 0; names && i < PyList_GET_SIZE(names); i++) {
		PyObject *name = PyList_GET_ITEM(names, i);

		if (PyBytes_GET_SIZE(name) > 0 && !getenv(PyBytes_AS_STRING(name)) &&
		    PyObject_DelItem(variables, name) < 0)
			goto out;
	}
	rc = names ? 0 : -1;
out:
	Py_XDECREF(names);
	Py_XDECREF(variables);
	Py_XDECREF(os);
	return rc < 0 ? failed(err, "read the environment") : 0;
}

int interp_start(int argc, char **argv, struct err *err)
{
	int rc = Py_IsInitialized() ? update_environ(err) : start_library(argc, argv, err);

	if (rc < 0)
		return rc;
	ignore_write_signals();
	return pylib_install(err);
}

void interp_keep_objects(void)
{
	keeps_objects = true;
}

int interp_end(int code)
{
	if (!keeps_objects) {
		proxies_end();
		log_bridge_end();
	}
	return Py_FinalizeEx() < 0 && code == 0 ? INTERP_OUTPUT_LOST : code;
}

void interp_freeze(bool tidy)
{
	PyObject *module = PyImport_ImportModule("gc"), *thawed = NULL, *done = NULL;

	/* What was frozen before may have become garbage, as a reload's former settings do. */
	if (module && tidy)
		thawed = PyObject_CallMethod(module, "unfreeze", NULL);
	if (thawed)
		PyGC_Collect();
	malloc_trim(0);
	if (module)
		done = PyObject_CallMethod(module, "freeze", NULL);
	if (!done)
		py_error_log("Cannot keep garbage collections from what is shared");
	Py_XDECREF(thawed);
	Py_XDECREF(done);
	Py_XDECREF(module);
}

pid_t interp_fork(void)
{
	pid_t pid;
	int saved;

	PyOS_BeforeFork();
	pid = fork();
	saved = errno;
	if (pid == 0) {
		PyOS_AfterFork_Child();
		hub_forked();
	} else {
		PyOS_AfterFork_Parent();
	}
	return pid < 0 ? -saved : pid;
}

int interp_path_insert(const char *folder, struct err *err)
{
	PyObject *path = PySys_GetObject("path"), *item;
	int rc = -1, there = -1;

	item = PyUnicode_DecodeFSDefault(folder);
	if (item && path)
		there = PySequence_Contains(path, item);
	if (there >= 0)
		rc = there ? 0 : PyList_Insert(path, 0, item);
	Py_XDECREF(item);
	return rc < 0 ? failed(err, "put a folder on sys.path") : 0;
}

int interp_environ_set(const char *assignment, struct err *err)
{
	const char *equals = strchr(assignment, '=');
	PyObject *os = NULL, *variables = NULL, *name = NULL, *value = NULL;
	int rc = -1;

	if (!equals)
		return err_set(err, "'%s' is no assignment: write NAME=value", assignment);
	name = PyUnicode_DecodeFSDefaultAndSize(assignment, equals - assignment);
	value = PyUnicode_DecodeFSDefault(equals + 1);
	os = PyImport_ImportModule("os");
	if (os)
		variables = PyObject_GetAttrString(os, "environ");
	if (variables && name && value)
		rc = PyObject_SetItem(variables, name, value);
	Py_XDECREF(variables);
	Py_XDECREF(os);
	Py_XDECREF(value);
	Py_XDECREF(name);
	return rc < 0 ? failed(err, "set an environment variable") : 0;
}

int interp_spew(struct err *err)
{
	PyObject *done = pylib_call("ucorn.debug", "spew", NULL);

	Py_XDECREF(done);
	return done ? 0 : failed(err, "trace Python");
}
