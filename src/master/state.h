/* The master itself, for its own files. */
#ifndef UCORN_MASTER_STATE_H
#define UCORN_MASTER_STATE_H

#include "children.h"
#include "sockets.h"
#include "systemd.h"
#include "ucorn/log/sinks.h"
#include "ucorn/master/master.h"
#include "ucorn/worker/worker.h"

/* What serves until a worker of a reload does: the settings of before, and what was made of
 * them.  What both have (sockets that stay, a preloaded application) is in both. */
struct former {
	bool kept; /* else the rest means nothing */
	struct settings settings;
	const struct worker_backend *backend;
	struct app *app;
	struct log_sinks sinks;
	struct sockets sockets;
	void *conf; /* conf_save() of that time */
};

enum stop { STOP_NO, STOP_GRACEFUL, STOP_QUICK };

struct master {
	struct settings *settings; /* the running ones; the memory is the caller's */
	settings_reader *read_settings;
	void *reader_data;

	const struct worker_backend *backend;
	struct app *app; /* imported here (preload), or NULL */
	bool app_is_prepared;
	struct log_sinks sinks;
	bool sinks_open;
	char *pidfile; /* the one that was written, or NULL */
	struct sockets sockets;
	struct children children;
	struct former former;
	unsigned told_workers; /* the number that was last reported */

	const struct heritage *heritage;
	struct service service; /* as systemd sees it */
	pid_t old_master;	/* has started this one by USR2, and may still live; 0: none */

	bool is_daemon; /* whatever the settings of a reload say */
	enum stop stop;
	uint64_t closes_ms; /* a stop: when the sockets are closed at the latest; 0: they are */
	bool failed;	    /* a hook has raised: it ends without ceremony */
	int exit_code;
	const char *reason; /* why it stops by itself; NULL: it was told to */
};

/* start.c: from settings to open listeners, and back. */
MUST_CHECK int master_start(struct master *m, struct err *err);
void master_end(struct master *m);

/* What can be wrong with settings that their rows cannot know. */
MUST_CHECK int master_check_settings(const struct settings *s,
				     const struct worker_backend **backend, struct err *err);

/* Raises the limit of open files to what the workers' connections need, as far as
 * that is allowed; warns where it is not. */
void master_raise_files(const struct settings *s);

/* Warns of a user without a group. */
void master_warn_group(const struct settings *s);

/* Imports the application, if s wants that here, into app. */
MUST_CHECK int master_preload(const struct settings *s, const struct worker_backend *backend,
			      struct app **app, struct err *err);

/* Master, or Master.2 while the old one lives; what is put behind names and files. */
const char *master_name(const struct master *m);
const char *master_suffix(const struct master *m);
void master_set_title(const struct master *m);

/* Whether there is another master, older or newer, that serves the same sockets. */
bool master_has_kin(const struct master *m);

/* Whether somebody else listens on the sockets of this master when it has gone: a new
 * master, an old one, systemd, whoever passed them.  What waits there to be accepted is not lost, then. */
bool master_has_heir(const struct master *m);

/* Has connections accepted late (defer_accept) where nothing is lost by it. */
void master_defer(const struct master *m);

/* Tells hooks of the above. */
void master_tell_kin(const struct master *m);

/* Before workers are forked: what they need and can share is made here. */
void master_share(struct master *m);

/* Writes or replaces the pidfile that s asks for. */
MUST_CHECK int master_write_pidfile(struct master *m, const struct settings *s, struct err *err);
void master_remove_pidfile(struct master *m);

/* hooks.c: the server object's view of this master. */
MUST_CHECK int master_hooks_begin(struct master *m, struct err *err);

/* After num_workers has changed. */
void master_hooks_nworkers(struct master *m, unsigned before);

/* metrics.c: to be called once a turn. */
void master_report_metrics(struct master *m);

/* reload.c */
void master_reload(struct master *m);

/* One of the two is given up for the other; they may be the same. */
void master_drop_app(struct app *app, const struct app *kept);

/* former.c */

/* A worker of the new settings serves: what was kept of the former ones is let go. */
void former_settle(struct master *m);

/* No worker has ever served with the new settings, and others come: puts the former ones
 * back in place. */
void former_restore(struct master *m);

/* In a child that has just been forked: it is to live by the present settings, and holds
 * nothing of the former ones open; or it is to live by the former ones. */
void former_leave_behind(void *master);
void former_revive(void *master);

/* When the server ends. */
void former_release(struct master *m);

/* The signals' effects (master.c), called by signals_dispatch. */
void master_on_term(struct master *m);
void master_on_quit(struct master *m);
void master_on_hup(struct master *m);
void master_on_ttin(struct master *m);
void master_on_ttou(struct master *m);
void master_on_usr1(struct master *m);
void master_on_usr2(struct master *m);
void master_on_winch(struct master *m);

#endif
