/* HUP: new settings, new code, no pause.
 *
 * Everything that can fail happens beside the running server: settings, backend,
 * log files and sockets are made anew and take their places only when all of
 * them are there.  Then a new generation of workers is wanted, and
 * children_maintain() sees to it that the old one leaves in step.  So a reload
 * that cannot work costs a line in the log.  What was replaced is kept until the first
 * of the new workers serves (former.c). */
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "signals.h"
#include "state.h"
#include "ucorn/py/conf.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/log.h"
#include "ucorn/wsgi/app.h"

/* What the new generation needs, made but not in use. */
struct renewal {
	struct settings settings;
	const struct worker_backend *backend;
	struct app *app; /* imported here; NULL: by the workers */
	struct log_sinks sinks;
	struct sockets sockets;
};

/* A preloaded application stays as it is, as long as it is the one that is wanted. */
static int prepare_app(struct master *m, struct renewal *fresh, struct err *err)
{
	const struct settings *s = &fresh->settings;
	bool stays =
		m->app && s->preload_app && strcmp(settings_app(m->settings), settings_app(s)) == 0;

	if (server_object_change_app(m->app && !stays, err) < 0)
		return -1;
	if (!stays)
		return master_preload(s, fresh->backend, &fresh->app, err);
	fresh->app = m->app;
	return 0;
}

void master_drop_app(struct app *app, const struct app *kept)
{
	if (app != kept)
		wsgi_app_free(app);
}

/* All or nothing. */
static int prepare_rest(struct master *m, struct renewal *fresh, struct err *err)
{
	const struct settings *s = &fresh->settings;

	if (master_check_settings(s, &fresh->backend, err) < 0 || conf_environ_set(s, err) < 0)
		return -1;
	if (prepare_app(m, fresh, err) < 0)
		goto old_app;
	gunicorn_judge();
	if (log_bridge_renew(s, err) < 0)
		goto old_app;
	if (log_sinks_open(&fresh->sinks, s->errorlog, s->accesslog, err) < 0)
		goto old_logger;
	log_sinks_own(&fresh->sinks, s->user, s->group);
	if (sockets_succeed(&fresh->sockets, &m->sockets, s, err) < 0)
		goto old_sinks;
	return 0;
old_sinks:
	log_sinks_close(&fresh->sinks);
	log_set_fd(m->sinks.error.fd);
old_logger:
	log_bridge_revert();
old_app:
	master_drop_app(fresh->app, m->app);
	server_object_restore_app();
	return -1;
}

static int prepare(struct master *m, struct renewal *fresh, struct err *err)
{
	if (m->read_settings(m->reader_data, &fresh->settings, err) < 0)
		return -1;
	if (prepare_rest(m, fresh, err) < 0) {
		settings_release(&fresh->settings);
		return -1;
	}
	return 0;
}

/* A pidfile is not worth the service. */
static void apply_minor(struct master *m)
{
	struct err err;

	master_raise_files(m->settings);
	master_warn_group(m->settings);
	master_defer(m);
	if (master_write_pidfile(m, m->settings, &err) < 0)
		log_error("%s", err.text);
}

/* The new hooks. */
static void tell_hooks(struct master *m, unsigned before)
{
	struct err err;

	if (server_object_renew(m->settings, &err) < 0)
		log_error("%s", err.text);
	server_object_started(getpid(), m->pidfile);
	server_object_listen(m->sockets.items, m->sockets.count);
	master_hooks_nworkers(m, before);
	(void)master_hook(&m->children, HOOK_ON_RELOAD);
}

/* What has been imported here stays so in all workers. */
static void warn_of_preloaded(const struct master *m)
{
	const struct app *before = m->former.app;

	if (before && m->app == before)
		log_warning("The application is preloaded: a reload does not import it again.");
	else if (before)
		log_warning("An application was preloaded: its modules stay imported, as they "
			    "are, until the server is started anew.");
}

/* The new settings in place of the running ones, which become the former. */
static void replace(struct master *m, struct renewal *fresh, void *conf)
{
	m->former = (struct former){
		.kept = true,
		.settings = *m->settings,
		.backend = m->backend,
		.app = m->app,
		.sinks = m->sinks,
		.sockets = m->sockets,
		.conf = conf,
	};
	*m->settings = fresh->settings;
	m->backend = fresh->backend;
	m->app = fresh->app;
	m->sinks = fresh->sinks;
	m->sockets = fresh->sockets;
}

/* Workers have copies of all this since their fork. */
static void commit(struct master *m, struct renewal *fresh, void *conf)
{
	unsigned before = m->children.wanted;

	settings_report_change(m->settings, &fresh->settings);
	replace(m, fresh, conf);
	settings_report(m->settings);
	worker_warn(m->settings, m->backend);
	master_set_title(m);
	apply_minor(m);
	if (!sockets_same(&m->sockets, &m->former.sockets))
		sockets_log(&m->sockets, 0);
	warn_of_preloaded(m);
	plan_generation(&m->children, m->settings->workers);
	tell_hooks(m, before);
	master_share(m);
}

void master_reload(struct master *m)
{
	struct renewal fresh = {0};
	struct err err = {0};
	void *before;
	int failed;

	systemd_reload_begins(m);
	former_restore(m);
	before = conf_save();
	failed = prepare(m, &fresh, &err);
	signals_install(); /* imported code may have taken them */
	if (failed) {
		conf_restore(before);
		systemd_reload_refused(m);
		log_error("The reload was given up, the server goes on as before: %s",
			  err.text[0] ? err.text : "the application could not be imported.");
	} else {
		commit(m, &fresh, before);
	}
}
