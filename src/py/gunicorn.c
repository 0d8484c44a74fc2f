/* The package gunicorn as C sees it: questions to the module ucorn.patches, which
 * knows what is stock.  They are asked at start and on reloads, never per request. */
#include "ucorn/py/gunicorn.h"

#include "ucorn/py/errors.h"
#include "ucorn/py/pylib.h"
#include "ucorn/util/log.h"

static const char patches[] = "ucorn.patches";

int gunicorn_use_installed(bool installed, struct err *err)
{
	PyObject *done = pylib_call(patches, "use_installed", installed ? Py_True : Py_False);

	if (!done)
		return py_error_sentence(err, 1, "The package gunicorn cannot be imported");
	Py_DECREF(done);
	return 0;
}

int gunicorn_server_name(struct buf *name, struct err *err)
{
	PyObject *text = pylib_call(patches, "server", NULL);
	const char *bytes;
	size_t len;
	int rc = -1;

	if (text && py_latin1(text, "gunicorn.SERVER", &bytes, &len))
		rc = buf_append(name, bytes, len) < 0 ? err_set(err, "Out of memory") : 0;
	else
		py_error_sentence(err, 1, "The package gunicorn cannot be imported");
	Py_XDECREF(text);
	return rc;
}

void gunicorn_judge(void)
{
	PyObject *sentences = pylib_call(patches, "news", NULL);

	for (Py_ssize_t i = 0; sentences && i < PyList_GET_SIZE(sentences); i++) {
		const char *sentence = PyUnicode_AsUTF8(PyList_GET_ITEM(sentences, i));

		if (sentence)
			log_warning("%s", sentence);
	}
	if (PyErr_Occurred())
		py_error_log("Cannot compare the package gunicorn with what it was");
	Py_XDECREF(sentences);
}
