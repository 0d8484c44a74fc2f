/* One request and its response, seen from the application's side. */
#ifndef UCORN_CONN_EXCHANGE_H
#define UCORN_CONN_EXCHANGE_H

#include "ucorn/http/response.h"
#include "ucorn/http/spool.h"
#include "ucorn/util/list.h"

struct conn;

struct exchange {
	struct conn *conn;
	struct http_request request;
	struct response response;
	struct spool body;	    /* the request body, or what has come of it */
	struct slice pending;	    /* decoded, but not yet put into body */
	bool body_complete;	    /* nothing of it is still to come */
	enum http_error body_error; /* why no more of it will come */
	bool *ended;		    /* set for who waits for this exchange's client; NULL: nobody */
	uint64_t spilled;	    /* bytes counted for the file of what write() left over */
	int spill_fd;		    /* of what write() left over; -1: none */
	off_t spill_end;	    /* bytes in that file */
	void *app_state;	    /* the application's, from start to finish */
	uint64_t started_us;	    /* clock_us() when the application began; 0: not timed */
	uint64_t queued_ms;	    /* the service's now_ms when it was ready for the application */
	uint64_t begun_ms;	    /* clock_ms() when the application began */
	struct list in_hand;	    /* on the service's list, from begin to finish */
	int place;		    /* for who is told of begin and finish */
	enum http_error error;	    /* why there was an error page; HTTP_ERR_NONE: there was none */
	bool running;		    /* start was called, finish was not */
	bool aborted;		    /* no clean end: the connection is cut */
	bool shared;		    /* the application has a descriptor of the connection */
	bool taken;		    /* it has taken the connection over */
	bool cut;		    /* driver: it has taken too long */
};

/* Frames the response and queues its head, if that has not been done.
 * whole_body: its length if all of it is at hand, else -1.
 * 0, or -ENOMEM (the exchange has failed then). */
MUST_CHECK int exchange_head(struct exchange *x, int64_t whole_body);

/* Queues a piece of the body, framed; the head first, if need be.  What the
 * framing does not allow (HEAD, more than Content-Length) is dropped.
 * With release, long pieces are borrowed and release(owner) runs when they were
 * sent; short ones are copied and release runs at once.  Without, always copied.
 * 0 or -ENOMEM, with release run in either case. */
MUST_CHECK int exchange_send(struct exchange *x, struct slice piece, void *owner,
			     void (*release)(void *owner));

/* The same for len bytes of a file from offset; the queue takes fd over, on
 * failure too. */
MUST_CHECK int exchange_send_file(struct exchange *x, int fd, off_t offset, uint64_t len);

/* The body is complete.  Fewer bytes than announced abort the connection. */
void exchange_end(struct exchange *x);

/* The application has failed: an error page if the head has not gone out yet,
 * else the connection is cut, so that the client sees that something is
 * missing.  Nothing more may be sent. */
void exchange_fail(struct exchange *x, enum http_error error, struct slice message);

/* Cuts the connection without a word. */
void exchange_abort(struct exchange *x);

/* A descriptor of the connection for the application, who owns it: the connection
 * ends with this exchange.  -errno: there is none. */
MUST_CHECK int exchange_share(struct exchange *x);

/* The application has taken the connection over, with a descriptor of exchange_share
 * or without: nothing more is sent, and ours is closed without telling the client. */
void exchange_let_go(struct exchange *x);

/* Once body has been read to its end: puts more of the request's body there, waiting
 * for it if need be.  1: there is more; 0: the body is complete; -errno: no more will
 * come: -EBADMSG or -EFBIG it is no good, -ETIMEDOUT it takes too long, -EBUSY
 * another thread waits for it, -ECANCELED the exchange has ended meanwhile (x must not
 * be touched), else the client is gone. */
MUST_CHECK int exchange_body_more(struct exchange *x);

/* Writes what can be written now.  What is left above the high-water mark is waited
 * for where the backend can wait, and moved into a temporary file elsewhere.
 * 0 or -errno: the client is gone; -ECANCELED: the exchange has ended meanwhile (x must
 * not be touched). */
MUST_CHECK int exchange_flush(struct exchange *x);

/* Queues an interim response (1xx) head, at once on its way: 0 or -errno.  Behind the
 * head of the final one it is dropped. */
MUST_CHECK int exchange_interim(struct exchange *x, struct slice head);

#endif
