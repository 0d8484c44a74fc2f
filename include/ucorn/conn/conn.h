/* A connection: a resumable machine.  conn_advance does all it can without
 * blocking and says what it waits for.
 *
 *   IDLE -> HEAD -> [SPOOL] -> APP -> DRAIN -> IDLE ...
 *                               ^|
 *                               |v      an unfinished response
 *                             FLUSH -> [PAUSE] -> APP
 *
 * A bad head or body goes straight to DRAIN, with an error page; DRAIN goes to
 * LINGER when the connection is not kept and the client may still be sending;
 * every state may close.
 *
 * Ownership: a connection belongs to its driver, but from WANT_APP until
 * conn_run has returned to its application side.  It is in one thread's hands at
 * any time. */
#ifndef UCORN_CONN_CONN_H
#define UCORN_CONN_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include "ucorn/conn/app.h"
#include "ucorn/conn/deadlines.h"
#include "ucorn/conn/exchange.h"
#include "ucorn/http/body.h"
#include "ucorn/http/date.h"
#include "ucorn/http/forwarded.h"
#include "ucorn/http/reader.h"
#include "ucorn/net/addr.h"
#include "ucorn/net/io.h"
#include "ucorn/net/listener.h"

enum conn_state {
	CONN_IDLE,   /* between requests */
	CONN_HEAD,   /* some bytes of a head have come */
	CONN_SPOOL,  /* the body is coming */
	CONN_APP,    /* it is the application's turn: request here, or room for more */
	CONN_FLUSH,  /* the application has more to give, when this has been written */
	CONN_PAUSE,  /* it is written, and the application waits for something else */
	CONN_DRAIN,  /* the application has finished: the rest is being written */
	CONN_LINGER, /* our last byte is written: waiting for the client's close */
	CONN_CLOSED,
	CONN_STATES
};

enum want {
	WANT_READ,
	WANT_WRITE,
	WANT_APP,
	WANT_PAUSE, /* what x.pause says: conn_resume when that has come */
	WANT_CLOSE,
	WANT_LENT, /* a driver's: the application side has it, and gives it back with conn_advance */
};

struct conn_service;

/* The application side waits until c can be read from or written to: 0, -ETIMEDOUT
 * or another -errno.  May release the GIL, and blocks. */
typedef int conn_wait_fn(struct conn *c, enum want want, unsigned timeout_ms);

/* Memory that a connection needs during an exchange and not between two. */
struct conn_kit {
	struct buf lines; /* of the response */
	struct outq_memory out;
};

/* Of an input buffer: a request that fits is received by one call, and its body is read where it
 * is. */
enum { CONN_INPUT_BYTES = 20480, CONN_KITS = 64 };

/* A client's address, and what follows from it. */
struct conn_peer {
	struct sockaddr_in6 addr; /* or a sockaddr_in; zeroed: nobody's */
	char text[ADDR_TEXT_MAX];
	bool trusted; /* a proxy that is believed */
};

/* What all connections of a worker share.  Owned by the worker; zeroed but for
 * what conn_service_init sets.
 *
 * Where applications run on threads of their own, these read the settings, and what
 * has changed since conn_service_init is the driver's alone, but for: what `lock`
 * protects, and what is atomic. */
struct conn_service {
	struct app *app;
	struct http_limits limits;
	const struct forwarding *forwarding; /* what proxies may say; borrowed */
	struct deadlines deadlines;
	struct slice server_line; /* for response_head_write; borrowed */
	struct http_date date;
	uint64_t now_ms;	  /* of this turn of the loop */
	uint64_t app_ms;	  /* spent in applications on the loop's thread so far */
	_Atomic uint64_t held_ms; /* when one of these last took long there; 0: never */
	struct block_pool inputs; /* input buffers of CONN_INPUT_BYTES */
	struct block_pool blocks; /* of arenas */
	struct conn_kit kits[CONN_KITS];
	unsigned n_kits;
	struct spool_store spool;
	bool stream_bodies;	 /* start the application before its body; needs wait */
	unsigned body_min_rate;	 /* bytes per second; 0: none */
	size_t high_water_bytes; /* write() waits, or uses a file, above this */
	conn_wait_fn *wait;	 /* the backend's; NULL: cannot wait */
	bool keep_alive;	 /* by configuration */
	atomic_bool leaving;	 /* this worker takes no more requests after these */
	bool timed;		 /* someone wants durations */
	unsigned connections;	 /* open now */
	struct conn_peer peer;	 /* the last one: behind a proxy, all are the same */
	/* Held for the following; NULL: one thread does it all. */
	pthread_mutex_t *lock;
	atomic_uint busy;	   /* between start and finish of the application */
	_Atomic uint64_t requests; /* handed to the application so far */
	struct list in_hand;	   /* exchanges that the application has, oldest first */
	/* The application is about to get a request; it has let go of it: with the lock.
	 * NULL: nobody wants to know, as for the following. */
	void (*begun)(struct exchange *x, void *data);
	void (*finished)(struct exchange *x, void *data);
	/* Whether a connection that could be kept had better end with this answer: for the
	 * balance between workers. */
	bool (*parts)(const struct exchange *x, void *data);
	/* An answer is complete, or will never be; before the application lets go. */
	void (*answered)(struct exchange *x, void *data);
	void *told_data; /* for these four */
	/* The driver's: c is about to close its descriptor.  NULL: it need not know. */
	void (*closing)(struct conn *c);
};

struct conn {
	struct conn_service *service;
	const struct listener *listener; /* it came from; NULL in tests */
	struct io io;
	enum conn_state state;
	bool may_read;	 /* the socket may have bytes for us */
	bool eof;	 /* the client sends no more */
	bool lost;	 /* reset by the client, or cut by us: nothing can be sent */
	bool keep;	 /* goes on after the current answer */
	bool unread;	 /* the client may be sending what we shall not read */
	bool reset;	 /* closes with an error, not an end */
	bool trusted;	 /* the peer is a proxy that is believed */
	bool sent_some;	 /* since the send deadline was last set */
	bool head_timed; /* the head's deadline runs */
	struct deadline deadline;
	char *in; /* input: bytes [in_start, in_end) are not used yet */
	size_t in_start, in_end, in_cap;
	size_t head_end;	 /* input before it is the current request's: stays in place */
	size_t discarded;	 /* bytes read and dropped while lingering */
	uint64_t body_since_ms;	 /* now_ms - app_ms when the body was begun */
	uint64_t body_waited_ms; /* streaming: how long it was waited for */
	uint64_t body_counted;	 /* bytes that had come when these began */
	struct http_reader reader;
	struct http_body decoder;
	struct arena arena; /* of the current exchange */
	struct exchange x;
	struct outq out;
	unsigned requests; /* handed to the application so far */
	void *app_data;	   /* the application's, for the life of the connection */
	char remote_addr[ADDR_TEXT_MAX];
	unsigned remote_port;
	struct list run; /* driver: on its run queue */
	enum want want;	 /* driver: what conn_advance said last */
};

static inline void conn_service_lock(struct conn_service *s)
{
	if (s->lock)
		pthread_mutex_lock(s->lock);
}

static inline void conn_service_unlock(struct conn_service *s)
{
	if (s->lock)
		pthread_mutex_unlock(s->lock);
}

static inline unsigned conn_service_busy(struct conn_service *s)
{
	return atomic_load_explicit(&s->busy, memory_order_relaxed);
}

void conn_service_init(struct conn_service *s);

/* From now on applications run on other threads than the driver's; lock is borrowed. */
void conn_service_share(struct conn_service *s, pthread_mutex_t *lock);

void conn_service_release(struct conn_service *s);

/* Begins a connection in storage of the caller's (zeroed here); io is its own
 * from now on. */
void conn_init(struct conn *c, struct conn_service *s, const struct io *io,
	       const struct listener *listener, const struct sockaddr *peer);

/* Does what can be done now.  WANT_CLOSE: everything is released, the storage
 * is the caller's again. */
MUST_CHECK enum want conn_advance(struct conn *c);

/* After WANT_APP, on the application's side: runs one step of the application (start or
 * more).  It has given more to come, and gets its next turn when that is written, or has
 * finished; conn_advance goes on with either, on the driver's side. */
void conn_run(struct conn *c);

/* Likewise from the first to the last step, waiting for the client between two. */
void conn_run_whole(struct conn *c);

/* Before conn_run, where a request has waited on its application's side: false if its client
 * has gone meanwhile; then it is not to be run, but given back. */
MUST_CHECK bool conn_may_begin(struct conn *c);

/* Behind these, still on the application's side: writes what can be written at once.  True
 * when nothing is left to be done before the client sends more. */
MUST_CHECK bool conn_write_now(struct conn *c);

/* After WANT_PAUSE: it is over; ready: because of the descriptor, not the time. */
MUST_CHECK enum want conn_resume(struct conn *c, bool ready);

/* Both sides at once: conn_run and conn_advance. */
MUST_CHECK enum want conn_application(struct conn *c);

/* The deadline of c has passed at service->now_ms: takes a last look whether what c
 * waits for can be had; if not, answers 408, closes or cuts, as fits. */
MUST_CHECK enum want conn_expire(struct conn *c);

/* Closes c at once, whatever it is doing; an application that has not finished
 * its response is told to (so: on the application's side, if there is one). */
void conn_close(struct conn *c);

/* True between requests, with nothing received of the next one. */
static inline bool conn_is_idle(const struct conn *c)
{
	return c->state == CONN_IDLE && c->in_start == c->in_end;
}

#endif
