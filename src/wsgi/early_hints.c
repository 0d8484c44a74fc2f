/* wsgi.early_hints(headers): sends `103 Early Hints` (RFC 8297) at once, ahead of
 * the response; may be called again.  Does nothing for HTTP/1.0 clients, which
 * know no interim responses, and when the head has gone out. */
#include "wsgi.h"

/* The interim head with the fields that were taken into r. */
static int hints_send(struct exchange *x, const struct response *r)
{
	struct buf head = {0};
	int rc = buf_append_slice(&head, SLICE("HTTP/1.1 103 Early Hints\r\n"));

	if (rc == 0)
		rc = buf_append(&head, r->lines.base + r->status_len, r->lines.len - r->status_len);
	if (rc == 0)
		rc = buf_append_slice(&head, SLICE("\r\n"));
	if (rc == 0)
		rc = exchange_interim(x, buf_slice(&head));
	buf_release(&head);
	return rc;
}

PyObject *early_hints_call(struct wsgi_request *r, PyObject *headers)
{
	struct exchange *x = r->x;
	struct response hints = {0};
	bool ok;

	if (x->request.minor == 0 || x->response.head_sent)
		Py_RETURN_NONE;
	ok = response_start(&hints, SLICE("103 Early Hints")) == RESPONSE_OK &&
	     response_fields_take(&hints, headers);
	/* A client that has gone is noticed by the response. */
	if (ok && hints_send(x, &hints) < 0 && !x->conn->lost) {
		PyErr_NoMemory();
		ok = false;
	}
	response_release(&hints);
	if (!ok)
		return NULL;
	Py_RETURN_NONE;
}
