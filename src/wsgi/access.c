/* Access lines that Python writes: the logger's access() with the objects that
 * hooks see too.
 *
 * Whatever goes wrong in a logger is its own affair: the answer is out.  SystemExit,
 * which signal handlers raise too, ends the worker. */
#include "ucorn/py/errors.h"
#include "ucorn/py/logger.h"
#include "ucorn/py/pylib.h"
#include "ucorn/py/signals.h"
#include "ucorn/wsgi/app.h"
#include "wsgi.h"

void wsgi_log_access(struct exchange *x, uint64_t duration_us)
{
	struct wsgi_request *r = x->app_state;
	PyObject *module = pylib_import("ucorn.message"), *request = NULL, *response = NULL;
	PyObject *environ = r && r->environ ? r->environ : Py_None, *done = NULL;

	if (module)
		request = r ? Py_XNewRef(message_request(r)) : message_of_exchange(x);
	if (request)
		response = message_response(x);
	if (response)
		done = PyObject_CallMethod(module, "log_access", "OOOOK", log_bridge_logger(),
					   request, response, environ,
					   (unsigned long long)duration_us);
	if (!done && !py_signals_postpone_exit())
		py_error_log("Exception in the logger's access()");
	Py_XDECREF(done);
	Py_XDECREF(response);
	Py_XDECREF(request);
	Py_XDECREF(module);
}
