/* The configuration file: what it says reaches the settings through settings_set,
 * as the command line does, so that there is one judge of values.
 *
 * ucorn.conffile runs the file and turns its values into texts; those that no text
 * can say (hooks, classes, dicts) are kept beside, in the dict that confobject.c
 * tells of. */
#include "ucorn/py/conf.h"

#include <stdlib.h>
#include <string.h>

#include "confstate.h"
#include "ucorn/config/table.h"
#include "ucorn/py/confobject.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/pylib.h"

static void state_release(void *data)
{
	Py_DECREF((PyObject *)data);
}

/* The dict of these settings, made when it is first wanted; borrowed. */
static PyObject *state_of(struct settings *s)
{
	if (!s->objects.data) {
		s->objects.data = Py_BuildValue("{s:{}}", "objects");
		s->objects.release = s->objects.data ? state_release : NULL;
	}
	return s->objects.data;
}

/* Whatever was made of the settings is no longer true. */
static void state_spoil(struct settings *s)
{
	if (s->objects.data && PyDict_DelItemString(s->objects.data, "config") < 0)
		PyErr_Clear();
}

/* --- put(name, texts, object), which the file's loader calls --- */

static int keep_object(struct settings *s, PyObject *name, PyObject *object)
{
	PyObject *objects = PyMapping_GetItemString(state_of(s), "objects");
	int rc = -1;

	if (objects && object != Py_None)
		rc = PyDict_SetItem(objects, name, object);
	else if (objects)
		rc = PyDict_Contains(objects, name) == 1 ? PyDict_DelItem(objects, name) : 0;
	Py_XDECREF(objects);
	return rc;
}

static PyObject *put(PyObject *self, PyObject *args, enum origin origin)
{
	struct settings *s = PyCapsule_GetPointer(self, NULL);
	PyObject *name, *texts, *object;

	if (!s || !PyArg_ParseTuple(args, "UOO", &name, &texts, &object))
		return NULL;
	if (conf_put(s, name, texts, origin) < 0 || keep_object(s, name, object) < 0)
		return NULL;
	return conf_raw(setting_find(PyUnicode_AsUTF8(name)), s);
}

static PyObject *put_of_file(PyObject *self, PyObject *args)
{
	return put(self, args, ORIGIN_FILE);
}

static PyObject *put_of_paste(PyObject *self, PyObject *args)
{
	return put(self, args, ORIGIN_PASTE);
}

static PyMethodDef file_putter = {"put", put_of_file, METH_VARARGS, NULL};
static PyMethodDef paste_putter = {"put", put_of_paste, METH_VARARGS, NULL};

static PyObject *putter_new(struct settings *s, PyMethodDef *method)
{
	PyObject *capsule = PyCapsule_New(s, NULL, NULL);
	PyObject *function = capsule ? PyCFunction_New(method, capsule) : NULL;

	Py_XDECREF(capsule);
	return function;
}

/* --- errors --- */

/* The exception that is set, as an object of its own; clears it. */
static PyObject *fetch_exception(void)
{
	PyObject *type, *value, *trace;

	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	if (value && trace)
		PyException_SetTraceback(value, trace);
	Py_XDECREF(trace);
	Py_XDECREF(type);
	return value;
}

/* Calls the function of ucorn.conffile of that name with the exception; what it
 * gives, if it is a text, is err's sentence. */
static int ask_for_words(const char *function, PyObject *exception, struct err *err)
{
	PyObject *module = pylib_import("ucorn.conffile"), *words = NULL;
	const char *text = NULL;

	if (module)
		words = PyObject_CallMethod(module, function, "(O)", exception);
	if (words && words != Py_None)
		text = PyUnicode_AsUTF8(words);
	err_set(err, "%s", text ? text : "");
	if (PyErr_Occurred())
		py_error_log("Cannot tell what is wrong with the settings");
	Py_XDECREF(words);
	Py_XDECREF(module);
	return -1;
}

/* For errors that start and reload tell in the same way. */
static int failed(struct err *err)
{
	PyObject *exception = fetch_exception();
	int rc = ask_for_words("describe", exception, err);

	Py_XDECREF(exception);
	return rc;
}

/* Logs the exception, or the one that it came from: that has the file's lines in
 * its traceback. */
static void log_cause(PyObject *exception)
{
	PyObject *cause = PyException_GetCause(exception);

	if (!cause)
		cause = Py_NewRef(exception);
	PyErr_SetObject((PyObject *)Py_TYPE(cause), cause);
	py_error_log("The configuration file cannot be read");
	Py_DECREF(cause);
}

static int load_failed(bool reloading, struct err *err)
{
	PyObject *exception;
	int code;

	if (!reloading && py_error_is_exit(&code))
		return err_set_exit(err, code, "%s", "");
	exception = fetch_exception();
	ask_for_words(reloading ? "describe" : "tell", exception, err);
	if (reloading)
		log_cause(exception);
	Py_XDECREF(exception);
	return -1;
}

/* --- the file --- */

int conf_file_load(struct settings *s, const char *location, const char *paste, bool reloading,
		   struct err *err)
{
	PyObject *table = conf_module(), *module = NULL, *putter = NULL, *found = NULL;
	int rc = -1;

	state_spoil(s);
	if (table && state_of(s))
		module = pylib_import("ucorn.conffile");
	if (module)
		putter = putter_new(s, &file_putter);
	if (putter)
		found = PyObject_CallMethod(module, "load", "zzO", location, paste, putter);
	if (found)
		rc = PyDict_SetItemString(state_of(s), "location", found);
	if (rc < 0)
		load_failed(reloading, err);
	Py_XDECREF(found);
	Py_XDECREF(putter);
	Py_XDECREF(module);
	Py_XDECREF(table);
	return rc;
}

/* What paste() of ucorn.conffile gives becomes settings. */
static int paste_apply(struct settings *s, PyObject *found, struct err *err)
{
	const char *uri, *path;
	int has_loggers;

	if (!PyArg_ParseTuple(found, "ssp", &uri, &path, &has_loggers))
		return failed(err);
	free(s->app);
	s->app = strdup(uri);
	if (!s->app)
		return err_set(err, "Out of memory");
	if (settings_set(s, "default_proc_name", path, ORIGIN_DEFAULT, err) < 0)
		return -1;
	return has_loggers ? settings_set(s, "logconfig", path, ORIGIN_DEFAULT, err) : 0;
}

int conf_paste(struct settings *s, const char *uri, struct err *err)
{
	PyObject *table = conf_module(), *module = NULL, *found = NULL;
	PyObject *variables = NULL, *putter = NULL;
	int rc;

	if (table)
		variables = conf_raw(setting_find("raw_paste_global_conf"), s);
	if (variables && state_of(s))
		putter = putter_new(s, &paste_putter);
	if (putter)
		module = pylib_import("ucorn.conffile");
	if (module)
		found = PyObject_CallMethod(module, "paste", "sOO", uri, variables, putter);
	rc = found ? paste_apply(s, found, err) : failed(err);
	Py_XDECREF(found);
	Py_XDECREF(putter);
	Py_XDECREF(variables);
	Py_XDECREF(module);
	Py_XDECREF(table);
	return rc;
}

int conf_complete(struct settings *s, struct err *err)
{
	PyObject *cfg;

	state_spoil(s);
	cfg = state_of(s) ? conf_object(s) : NULL;
	if (!cfg)
		return failed(err);
	Py_DECREF(cfg);
	return 0;
}

/* --- raw_env --- */

/* Calls the function of ucorn.conffile; args is taken over. */
static int call_for_environ(const char *function, PyObject *args, struct err *err)
{
	PyObject *table = conf_module(), *module = NULL, *callable = NULL, *done = NULL;
	int rc = 0;

	if (table)
		module = pylib_import("ucorn.conffile");
	if (module)
		callable = PyObject_GetAttrString(module, function);
	if (callable && args)
		done = PyObject_CallObject(callable, args);
	if (!done)
		rc = failed(err);
	Py_XDECREF(done);
	Py_XDECREF(callable);
	Py_XDECREF(module);
	Py_XDECREF(table);
	Py_XDECREF(args);
	return rc;
}

int conf_environ_set(const struct settings *s, struct err *err)
{
	PyObject *assignments = conf_raw(setting_find("raw_env"), s);

	return call_for_environ("set_environ", Py_BuildValue("(N)", assignments), err);
}

int conf_environ_reset(struct err *err)
{
	return call_for_environ("reset_environ", PyTuple_New(0), err);
}

/* --- what the command line may ask for instead of serving --- */

int conf_print(const struct settings *s, bool explain)
{
	PyObject *cfg = conf_object(s), *text = NULL, *out = PySys_GetObject("stdout");
	int rc = -1;

	if (cfg)
		text = explain ? PyObject_CallMethod(cfg, "explain", NULL) : PyObject_Str(cfg);
	if (text && out)
		rc = PyFile_WriteObject(text, out, Py_PRINT_RAW);
	if (rc == 0)
		rc = PyFile_WriteString("\n", out);
	if (rc < 0)
		py_error_log("Cannot print the settings");
	Py_XDECREF(text);
	Py_XDECREF(cfg);
	return rc;
}

/* conffile.check_application(ucorn.wsgiapp.WSGIApplication(cfg, spec)._load, spec) */
static long check_application(const struct settings *s)
{
	PyObject *wsgiapp = pylib_import("ucorn.wsgiapp"), *cfg = NULL, *app = NULL, *load = NULL;
	PyObject *module = NULL, *code = NULL;
	const char *spec = settings_app(s);
	long number = -1;

	if (wsgiapp)
		cfg = conf_object(s);
	if (cfg)
		app = PyObject_CallMethod(wsgiapp, "WSGIApplication", "Os", cfg, spec);
	if (app)
		load = PyObject_GetAttrString(app, "_load");
	if (load)
		module = pylib_import("ucorn.conffile");
	if (module)
		code = PyObject_CallMethod(module, "check_application", "Os", load, spec);
	if (code)
		number = PyLong_AsLong(code);
	Py_XDECREF(code);
	Py_XDECREF(module);
	Py_XDECREF(load);
	Py_XDECREF(app);
	Py_XDECREF(cfg);
	Py_XDECREF(wsgiapp);
	return number;
}

int conf_check_application(const struct settings *s)
{
	long number = check_application(s);
	int code = 1;

	if (number >= 0)
		return (int)number;
	if (!py_error_is_exit(&code))
		py_error_log("Cannot check the application");
	return code;
}

/* --- a reload that fails --- */

void *conf_save(void)
{
	PyObject *table = conf_module(), *saved = NULL;
	PyObject *module = table ? pylib_import("ucorn.conffile") : NULL;

	if (module)
		saved = PyObject_CallMethod(module, "save", NULL);
	if (!saved)
		py_error_log("Cannot note what a reload may change");
	Py_XDECREF(module);
	Py_XDECREF(table);
	return saved;
}

void conf_restore(void *saved)
{
	PyObject *module = saved ? pylib_import("ucorn.conffile") : NULL, *done = NULL;

	if (module)
		done = PyObject_CallMethod(module, "restore", "(O)", saved);
	if (saved && !done)
		py_error_log("Cannot undo what the reload has changed");
	Py_XDECREF(done);
	Py_XDECREF(module);
	conf_forget(saved);
}

void conf_forget(void *saved)
{
	Py_XDECREF((PyObject *)saved);
}
