/* What systemd is told of the service (Type=notify, Type=notify-reload, WatchdogSec=). */
#ifndef UCORN_MASTER_SYSTEMD_H
#define UCORN_MASTER_SYSTEMD_H

#include "ucorn/util/base.h"

struct master;

/* What it has been told so far. */
struct service {
	bool is_ready;
	bool is_reloading;
	bool is_over;	  /* this master stops, or is no longer the main process */
	bool cannot_tell; /* and the log knows */
	const char *note; /* about the last reload, behind the status; or NULL */
	char status[128];
	uint64_t alive_ms; /* the last sign of life */
};

/* Once a turn, when the children are known: what has changed. */
void systemd_turn(struct master *m, uint64_t now_ms);

/* How long a turn may wait, if it may wait tick_ms otherwise. */
unsigned systemd_tick_ms(const struct master *m, unsigned tick_ms);

/* A reload begins; it was refused. */
void systemd_reload_begins(struct master *m);
void systemd_reload_refused(struct master *m);

/* This master begins to stop; says who goes on, if somebody does. */
void systemd_stops(struct master *m);

/* This master, which has kept silent so far, is the main process. */
void systemd_promoted(struct master *m);

#endif
