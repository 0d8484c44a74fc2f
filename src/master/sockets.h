/* The master's listening sockets: those of the bind list, in its order, or systemd's. */
#ifndef UCORN_MASTER_SOCKETS_H
#define UCORN_MASTER_SOCKETS_H

#include <sys/types.h>

#include "ucorn/config/settings.h"
#include "ucorn/master/heritage.h"
#include "ucorn/net/listener.h"

/* A zeroed struct has none. */
struct sockets {
	struct listener *items; /* owned, as are the listeners */
	size_t count;
	bool tcp_apart;	 /* each worker opens the TCP sockets by itself (reuse_port) */
	bool by_systemd; /* it made them: the bind list does not count */
	bool files_stay; /* another master listens, too: files of unix sockets are not removed */
	char *folder;	 /* what relative paths among the addresses begin at; owned */
};

/* Opens all of settings->bind but TCP sockets that are the workers' own, with patience for addresses that are in use: the
 * server before us may be about to go.  What h has of them is taken over, the rest of it
 * is closed.  May wait for 5 seconds per address, without the GIL.  -1 after the log was
 * told (then err's text is empty) or with a sentence in err; nothing is open then. */
MUST_CHECK int sockets_open(struct sockets *s, const struct settings *settings,
			    const struct heritage *h, struct err *err);

/* In a worker: a copy of s with TCP sockets of its own, opened as patiently.  Those
 * of s stay the master's. */
MUST_CHECK int sockets_open_apart(struct sockets *own, const struct sockets *s,
				  const struct settings *settings, struct err *err);

/* Makes those of fresh->bind, beside s: what is in both lists is in both structs then, open
 * as it was.  -1 with err: there is no next. */
MUST_CHECK int sockets_succeed(struct sockets *next, const struct sockets *s,
			       const struct settings *fresh, struct err *err);

/* Closes those of s that kept has not, and removes their files; s is empty then. */
void sockets_drop(struct sockets *s, const struct sockets *kept);

/* The same in a child, where the files stay. */
void sockets_let_go(struct sockets *s, const struct sockets *kept);

bool sockets_same(const struct sockets *a, const struct sockets *b);

/* listener_defer for those TCP sockets that are the server's own. */
void sockets_defer(const struct sockets *s, bool on);

/* Nobody new comes to them, here or in the workers; who waits there goes on waiting. */
void sockets_turn_away(const struct sockets *s);

/* Whether somebody may have connected to one of them whom no worker can accept yet. */
bool sockets_have_half_open(const struct sockets *s);

/* Whether somebody outside has one of them, who may hand it to the next server: systemd, or
 * whoever passed it as fd://N. */
bool sockets_outlive(const struct sockets *s);

/* Nobody else has them any more: the files of those that were taken over are ours. */
void sockets_own_files(struct sockets *s);

/* Closes all and removes the files of unix sockets. */
void sockets_close(struct sockets *s);

/* `Listening at: URL,URL (PID)`; pid 0: without it. */
void sockets_log(const struct sockets *s, pid_t pid);

#endif
