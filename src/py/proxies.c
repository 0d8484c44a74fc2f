/* The server object and the worker objects: the C side of ucorn.arbiter and
 * ucorn.worker.
 *
 * Python keeps the attributes, C the truth about processes; where an attribute is
 * about the process, the Python side calls one of the functions below.  A worker
 * object is made before its fork, so that both processes have it: what pre_fork
 * has put on it is there in post_fork, and in child_exit. */
#include "ucorn/py/proxies.h"

#include <unistd.h>

#include "hookset.h"
#include "ucorn/net/listener.h"
#include "ucorn/py/confobject.h"
#include "ucorn/py/errors.h"
#include "ucorn/py/logger.h"
#include "ucorn/py/objects.h"
#include "ucorn/py/pylib.h"

static PyObject *server, *worker;
static const struct server_ops *server_ops; /* NULL: detached */
static const struct worker_ops *worker_ops;
static void *server_data, *worker_data;
static unsigned last_wanted; /* of a server that is detached */
static uint64_t last_requests;
/* Requests of this thread's, in greenlets several, that worker.nr does not count yet. */
static _Thread_local unsigned before_request;

PyObject *object_server(void)
{
	return server;
}

PyObject *object_worker(void)
{
	return worker;
}

void worker_object_before_request(void)
{
	before_request++;
}

void worker_object_in_request(void)
{
	before_request--;
}

/* --- what the Python side calls --- */

static PyObject *get_wanted(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	return PyLong_FromUnsignedLong(server_ops ? server_ops->wanted(server_data) : last_wanted);
}

static PyObject *set_wanted(PyObject *self, PyObject *number)
{
	long workers = PyLong_AsLong(number);

	UNUSED(self);
	if (workers == -1 && PyErr_Occurred())
		return NULL;
	if (workers < 0 || workers > UINT16_MAX) {
		PyErr_SetString(PyExc_ValueError, "num_workers is out of range");
		return NULL;
	}
	if (server_ops)
		server_ops->want(server_data, (unsigned)workers);
	Py_RETURN_NONE;
}

/* In seconds of the monotonic clock. */
static PyObject *last_beat(PyObject *self, PyObject *number)
{
	long slot = PyLong_AsLong(number);
	uint64_t beat_ms;

	UNUSED(self);
	if (slot == -1 && PyErr_Occurred())
		return NULL;
	beat_ms = server_ops ? server_ops->beat_ms(server_data, (unsigned)slot) : 0;
	return PyFloat_FromDouble((double)beat_ms / 1000);
}

static PyObject *wake(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	if (server_ops)
		server_ops->wake(server_data);
	Py_RETURN_NONE;
}

static PyObject *requests(PyObject *self, PyObject *none)
{
	uint64_t count = worker_ops ? worker_ops->requests(worker_data) : last_requests;

	UNUSED(self);
	UNUSED(none);
	return PyLong_FromUnsignedLongLong(count > before_request ? count - before_request : 0);
}

static PyObject *is_leaving(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	return PyBool_FromLong(!worker_ops || worker_ops->is_leaving(worker_data));
}

static PyObject *retire(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	if (worker_ops)
		worker_ops->retire(worker_data);
	Py_RETURN_NONE;
}

static PyObject *beat(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	if (worker_ops)
		worker_ops->beat(worker_data);
	Py_RETURN_NONE;
}

static PyObject *limit(PyObject *self, PyObject *number)
{
	unsigned long long max_requests = PyLong_AsUnsignedLongLong(number);

	UNUSED(self);
	if (PyErr_Occurred())
		return NULL;
	if (worker_ops)
		worker_ops->limit(worker_data, max_requests);
	Py_RETURN_NONE;
}

static PyObject *enter(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	if (worker_ops)
		worker_ops->enter(worker_data);
	Py_RETURN_NONE;
}

static PyObject *prepare(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	return PyLong_FromLong(worker_ops ? worker_ops->prepare(worker_data) : -1);
}

/* The worker's handlers of signals may have raised something that ends it, but that was
 * told to the worker. */
static PyObject *serve(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	return PyLong_FromLong(worker_ops ? worker_ops->serve(worker_data) : 0);
}

static PyObject *reopen(PyObject *self, PyObject *none)
{
	UNUSED(self);
	UNUSED(none);
	if (worker_ops)
		worker_ops->reopen(worker_data);
	Py_RETURN_NONE;
}

static PyObject *end(PyObject *self, PyObject *number)
{
	long code = PyLong_AsLong(number);

	UNUSED(self);
	if (code == -1 && PyErr_Occurred())
		return NULL;
	if (worker_ops)
		worker_ops->end(worker_data, (int)code);
	Py_RETURN_NONE;
}

/* In the order of Arbiter.__init__. */
static PyMethodDef server_functions[] = {
	{"wanted", get_wanted, METH_NOARGS, NULL},
	{"want", set_wanted, METH_O, NULL},
	{"last_beat", last_beat, METH_O, NULL},
	{"wake", wake, METH_NOARGS, NULL},
};

static PyMethodDef worker_functions[] = {
	{"requests", requests, METH_NOARGS, NULL},
	{"is_leaving", is_leaving, METH_NOARGS, NULL},
	{"retire", retire, METH_NOARGS, NULL},
	{"beat", beat, METH_NOARGS, NULL},
	{"limit", limit, METH_O, NULL},
	{"enter", enter, METH_NOARGS, NULL},
	{"prepare", prepare, METH_NOARGS, NULL},
	{"serve", serve, METH_NOARGS, NULL},
	{"reopen", reopen, METH_NOARGS, NULL},
	{"end", end, METH_O, NULL},
};

/* {name: function}: a new reference, or NULL with an exception. */
static PyObject *dict_of(PyMethodDef *definitions, size_t count)
{
	PyObject *dict = PyDict_New();

	for (size_t i = 0; dict && i < count; i++) {
		PyObject *function = PyCFunction_New(&definitions[i], NULL);

		if (!function || PyDict_SetItemString(dict, definitions[i].ml_name, function) < 0)
			Py_CLEAR(dict);
		Py_XDECREF(function);
	}
	return dict;
}

/* --- the server object --- */

static int cannot(const char *what, struct err *err)
{
	py_error_log("Cannot %s", what);
	return err_set(err, "Cannot %s", what);
}

/* Drops the result of a call that was not to fail. */
static void drop(PyObject *result, const char *what)
{
	if (!result)
		py_error_log("Cannot %s", what);
	Py_XDECREF(result);
}

int server_object_make(const struct settings *s, const struct server_ops *ops, void *data,
		       struct err *err)
{
	PyObject *module = pylib_import("ucorn.arbiter"), *config = NULL, *functions = NULL;

	server_ops = ops;
	server_data = data;
	if (module)
		config = conf_object(s);
	if (config && hooks_take(config))
		functions = dict_of(server_functions, ARRAY_LEN(server_functions));
	if (functions)
		server = PyObject_CallMethod(module, "Arbiter", "OzOO", config, settings_app(s),
					     log_bridge_logger(), functions);
	Py_XDECREF(functions);
	Py_XDECREF(config);
	Py_XDECREF(module);
	return server ? 0 : cannot("make the server object", err);
}

int server_object_renew(const struct settings *s, struct err *err)
{
	PyObject *config = conf_object(s), *done = NULL;

	if (config && hooks_take(config))
		done = PyObject_CallMethod(server, "_renew", "OzO", config, settings_app(s),
					   log_bridge_logger());
	Py_XDECREF(config);
	Py_XDECREF(done);
	return done ? 0 : cannot("renew the server object", err);
}

int server_object_change_app(bool again, struct err *err)
{
	PyObject *app = PyObject_GetAttrString(server, "app"), *done = NULL;

	if (app)
		done = PyObject_CallMethod(app, "_change", "i", again);
	Py_XDECREF(app);
	Py_XDECREF(done);
	return done ? 0 : cannot("prepare the import of the application", err);
}

void server_object_restore_app(void)
{
	PyObject *app = PyObject_GetAttrString(server, "app");

	drop(app ? PyObject_CallMethod(app, "_restore", NULL) : NULL, "restore the application");
	Py_XDECREF(app);
}

void server_object_started(pid_t pid, const char *pidfile)
{
	drop(PyObject_CallMethod(server, "_started", "iz", (int)pid, pidfile),
	     "tell hooks the process id");
}

void server_object_kin(const struct server_kin *kin)
{
	drop(PyObject_CallMethod(server, "_kin", "ssiii", kin->name, kin->suffix,
				 (int)kin->old_master, (int)kin->heir, kin->by_systemd),
	     "tell hooks of another master");
}

void server_object_listen(const struct listener *listeners, size_t count)
{
	PyObject *list, *pair;

	if (!server)
		return;
	list = PyList_New(0);
	for (size_t i = 0; list && i < count; i++) {
		pair = Py_BuildValue("(is)", listeners[i].fd, listeners[i].url);
		if (!pair || PyList_Append(list, pair) < 0)
			Py_CLEAR(list);
		Py_XDECREF(pair);
	}
	drop(list ? PyObject_CallMethod(server, "_listen", "O", list) : NULL,
	     "tell hooks the listeners");
	Py_XDECREF(list);
}

/* --- worker objects, in the master --- */

int worker_object_make(const struct worker_birth *birth, struct err *err)
{
	worker_object_forget();
	worker = PyObject_CallMethod(server, "_hire", "IIK", birth->age, birth->slot,
				     (unsigned long long)birth->max_requests);
	return worker ? 0 : cannot("make a worker object", err);
}

void worker_object_forked(pid_t pid)
{
	if (worker && pid > 0)
		drop(PyObject_CallMethod(server, "_forked", "iO", (int)pid, worker),
		     "tell hooks of a worker");
	worker_object_forget();
}

void worker_object_aborted(pid_t pid)
{
	drop(PyObject_CallMethod(server, "_aborted", "i", (int)pid), "tell hooks of a timeout");
}

bool worker_object_touched(pid_t pid)
{
	PyObject *touched = PyObject_CallMethod(server, "_touched", "i", (int)pid);
	bool yes = touched == Py_True;

	drop(touched, "look for a worker's sign of life");
	return yes;
}

void worker_object_reaped(pid_t pid)
{
	worker_object_forget();
	worker = PyObject_CallMethod(server, "_reaped", "i", (int)pid);
	if (!worker)
		py_error_log("Cannot tell hooks of a worker's end");
}

void worker_object_forget(void)
{
	Py_CLEAR(worker);
}

/* --- the worker object, in its worker --- */

void worker_object_born(const struct worker_ops *ops, void *data)
{
	PyObject *functions = dict_of(worker_functions, ARRAY_LEN(worker_functions)), *born = NULL;

	worker_ops = ops;
	worker_data = data;
	if (worker && functions)
		born = PyObject_CallMethod(server, "_born", "OiO", worker, (int)getpid(),
					   functions);
	drop(born, "tell hooks of this worker");
	Py_XDECREF(functions);
}

void worker_object_renew(void)
{
	PyObject *renewed =
		worker ? PyObject_CallMethod(server, "_retrain", "O", worker) : Py_NewRef(Py_None);

	if (!renewed)
		py_error_log("Cannot tell a worker its settings");
	else if (worker)
		Py_XSETREF(worker, Py_NewRef(renewed));
	Py_XDECREF(renewed);
}

void worker_object_booted(void)
{
	if (PyObject_SetAttrString(worker, "booted", Py_True) < 0)
		py_error_log("Cannot tell hooks that the worker serves");
}

void server_object_detach(void)
{
	if (server_ops)
		last_wanted = server_ops->wanted(server_data);
	server_ops = NULL;
}

void worker_object_detach(void)
{
	if (worker_ops)
		last_requests = worker_ops->requests(worker_data);
	worker_ops = NULL;
}

void proxies_end(void)
{
	hooks_drop();
	Py_CLEAR(worker);
	Py_CLEAR(server);
}
