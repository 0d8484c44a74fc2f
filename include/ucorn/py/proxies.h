/* What hooks get to see of the processes: gunicorn's `server` and `worker`, Python
 * objects (ucorn.arbiter, ucorn.worker) that a process has one of each.
 *
 * They are made in the master and inherited by fork.  What is asked of them they
 * ask of the process they are in, through the functions that the master and the
 * worker register here.  All need the GIL. */
#ifndef UCORN_PY_PROXIES_H
#define UCORN_PY_PROXIES_H

#include <stdint.h>
#include <sys/types.h>

#include "ucorn/util/err.h"

struct listener;
struct settings;

/* What the server object can ask for, in the master (in a worker: of its copy). */
struct server_ops {
	unsigned (*wanted)(void *data);			/* num_workers */
	void (*want)(void *data, unsigned workers);	/* num_workers = ... */
	uint64_t (*beat_ms)(void *data, unsigned slot); /* a worker's last sign of life */
	void (*wake)(void *data);
};

/* Makes the server object; the logger exists by then.  ops and data live until
 * server_object_detach. */
MUST_CHECK int server_object_make(const struct settings *s, const struct server_ops *ops,
				  void *data, struct err *err);

/* A reload has taken s over. */
MUST_CHECK int server_object_renew(const struct settings *s, struct err *err);

/* server.app during a reload: the application is to be imported again, or not.  If
 * the reload fails, what was there before is put back. */
MUST_CHECK int server_object_change_app(bool again, struct err *err);
void server_object_restore_app(void);

/* It has its process id and its pidfile (NULL: none). */
void server_object_started(pid_t pid, const char *pidfile);

/* The master, the other one if there are two, and where the sockets are from. */
struct server_kin {
	const char *name;   /* master_name: Master, Master.2 */
	const char *suffix; /* behind proc_name */
	pid_t old_master;   /* master_pid; 0: none, as the following */
	pid_t heir;	    /* reexec_pid */
	bool by_systemd;    /* systemd */
};
void server_object_kin(const struct server_kin *kin);

/* LISTENERS: these; before they are closed: none (count 0). */
void server_object_listen(const struct listener *listeners, size_t count);

/* A worker that is about to be forked; max_requests 0: none.  It is current from now on. */
struct worker_birth {
	unsigned age;
	unsigned slot;
	uint64_t max_requests;
};
MUST_CHECK int worker_object_make(const struct worker_birth *birth, struct err *err);

/* In the master: it was forked, or not (pid < 0).  None is current then. */
void worker_object_forked(pid_t pid);

/* In the worker, before all else: the server object has been renewed since it was made.
 * There may be another object then, if the class is another one. */
void worker_object_renew(void);

/* In the worker, where it stays current.  ops and data live until
 * worker_object_detach; requests may be called in any thread. */
struct worker_ops {
	uint64_t (*requests)(void *data); /* nr */
	bool (*is_leaving)(void *data);	  /* not alive */
	void (*retire)(void *data);	  /* alive = False */
	void (*beat)(void *data);	  /* notify() */
	void (*limit)(void *data, uint64_t max_requests);
	/* For objects of a class of the user's (hosting.h). */
	void (*enter)(void *data);		/* run() has been called */
	int (*prepare)(void *data);		/* 1: others have served before; -1: failed */
	int (*serve)(void *data);		/* gives an exit code */
	void (*reopen)(void *data);		/* log files */
	void (*end)(void *data, int exit_code); /* at once */
};
void worker_object_born(const struct worker_ops *ops, void *data);
void worker_object_booted(void); /* it serves from now on */

/* In the master: the worker has been sent ABRT; it has gone, and is current until
 * worker_object_forget. */
void worker_object_aborted(pid_t pid);
void worker_object_reaped(pid_t pid);

/* In the master: the worker has touched the file of its heartbeat by itself since this was last
 * asked. */
bool worker_object_touched(pid_t pid);
void worker_object_forget(void);

/* What is asked from now on, by threads and atexit functions of the application, gets
 * the last numbers, and changes nothing. */
void server_object_detach(void);
void worker_object_detach(void);

/* Lets go of all of them: Python is about to end. */
void proxies_end(void);

#endif
