/* Sends what the application returned.
 *
 * Pieces that already exist (list, tuple) go out together, with a
 * Content-Length if the application gave none.  A real file behind
 * wsgi.file_wrapper becomes a file range.  Anything else is iterated: each
 * piece is handed to the connection, which writes it, before the next is asked
 * for (PEP 3333, "Buffering and Streaming"). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ucorn/py/interp.h"
#include "wsgi.h"

static void drop_object(void *object)
{
	Py_DECREF((PyObject *)object);
}

/* Where it was sent may be a thread without the GIL. */
static void release_object(void *object)
{
	gil_do(drop_object, object);
}

/* The application has to have called start_response before its first piece.  If not,
 * the response ends here: with an exception, or because the application has used
 * gunicorn.socket, so that the connection is its own. */
static bool was_started(struct wsgi_request *r)
{
	if (r->x->response.started)
		return true;
	if (r->x->shared) {
		exchange_let_go(r->x);
		return false;
	}
	PyErr_SetString(PyExc_AssertionError,
			"the application did not call start_response before its first piece");
	return false;
}

static bool is_bytes(PyObject *piece)
{
	if (PyBytes_Check(piece))
		return true;
	PyErr_Format(PyExc_TypeError,
		     "the application's response has to be made of bytes, not %.100s",
		     Py_TYPE(piece)->tp_name);
	return false;
}

/* Queues one piece; false with an exception set when it is none, or when memory
 * is short. */
static bool send_piece(struct wsgi_request *r, PyObject *piece)
{
	if (!is_bytes(piece))
		return false;
	if (PyBytes_GET_SIZE(piece) == 0)
		return true;
	if (exchange_send(r->x, slice_of(PyBytes_AS_STRING(piece), (size_t)PyBytes_GET_SIZE(piece)),
			  Py_NewRef(piece), release_object) < 0) {
		PyErr_NoMemory();
		return false;
	}
	return true;
}

static enum app_step send_all(struct wsgi_request *r)
{
	PyObject *const *items = PySequence_Fast_ITEMS(r->result);
	Py_ssize_t count = PySequence_Fast_GET_SIZE(r->result);
	int64_t total = 0;

	if (!was_started(r))
		return APP_DONE;
	for (Py_ssize_t i = 0; i < count; i++) {
		if (!is_bytes(items[i]))
			return APP_DONE;
		total += PyBytes_GET_SIZE(items[i]);
	}
	if (exchange_head(r->x, total) < 0)
		return APP_DONE;
	for (Py_ssize_t i = 0; i < count; i++)
		if (!send_piece(r, items[i]))
			return APP_DONE;
	exchange_end(r->x);
	return APP_DONE;
}

/* The position of a Python file, which may be behind that of its descriptor;
 * -1 when it has none. */
static off_t file_position(PyObject *file)
{
	PyObject *position = PyObject_CallMethod(file, "tell", NULL);
	long long offset = position ? PyLong_AsLongLong(position) : -1;

	Py_XDECREF(position);
	PyErr_Clear();
	return (off_t)offset;
}

/* Whether file is of exactly that type of the io module. */
static bool is_io_type(PyObject *file, const char *name)
{
	PyObject *io = PyImport_ImportModule("io");
	PyObject *type = io ? PyObject_GetAttrString(io, name) : NULL;
	bool is = type && (PyObject *)Py_TYPE(file) == type;

	Py_XDECREF(type);
	Py_XDECREF(io);
	PyErr_Clear();
	return is;
}

/* Whether the descriptor's bytes are what file.read() gives: not so for files that
 * decode, such as gzip's, which have a descriptor too. */
static bool is_plain_file(PyObject *file)
{
	PyObject *raw;
	bool plain;

	if (is_io_type(file, "FileIO"))
		return true;
	if (!is_io_type(file, "BufferedReader") && !is_io_type(file, "BufferedRandom"))
		return false;
	raw = PyObject_GetAttrString(file, "raw");
	plain = raw && is_io_type(raw, "FileIO");
	Py_XDECREF(raw);
	PyErr_Clear();
	return plain;
}

/* The regular file behind a file_wrapper, as a descriptor of our own and the
 * range that is left of it; -1 if it is no such file. */
static int file_range(PyObject *file, off_t *offset, uint64_t *len)
{
	PyObject *number = is_plain_file(file) ? PyObject_CallMethod(file, "fileno", NULL) : NULL;
	long fd = number ? PyLong_AsLong(number) : -1;
	struct stat st;

	Py_XDECREF(number);
	PyErr_Clear();
	if (fd < 0 || fstat((int)fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	*offset = file_position(file);
	if (*offset < 0)
		return -1;
	*len = *offset < st.st_size ? (uint64_t)(st.st_size - *offset) : 0;
	return fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
}

static enum app_step send_file(struct wsgi_request *r, int fd, off_t offset, uint64_t len)
{
	if (exchange_head(r->x, (int64_t)len) == 0 &&
	    exchange_send_file(r->x, fd, offset, len) == 0)
		exchange_end(r->x);
	return APP_DONE;
}

enum app_step result_begin(struct wsgi_request *r)
{
	off_t offset;
	uint64_t len;
	int fd;

	if (PyList_CheckExact(r->result) || PyTuple_CheckExact(r->result))
		return send_all(r);
	if (r->result == Py_None && r->x->shared && !was_started(r))
		return APP_DONE;
	if (file_wrapper_is(r->result)) {
		if (!was_started(r))
			return APP_DONE;
		fd = -1;
		if (r->app->options.sendfile)
			fd = file_range(file_wrapper_file(r->result), &offset, &len);
		if (fd >= 0)
			return send_file(r, fd, offset, len);
	}
	r->iterator = PyObject_GetIter(r->result);
	return r->iterator ? result_more(r) : APP_DONE;
}

enum app_step result_more(struct wsgi_request *r)
{
	for (;;) {
		PyObject *piece = PyIter_Next(r->iterator);
		bool empty, ok;

		if (!piece) {
			if (!PyErr_Occurred() && was_started(r))
				exchange_end(r->x);
			return APP_DONE;
		}
		ok = was_started(r) && send_piece(r, piece);
		empty = ok && PyBytes_GET_SIZE(piece) == 0;
		Py_DECREF(piece);
		if (!ok)
			return APP_DONE;
		if (!empty)
			return APP_MORE;
	}
}
