/* HUP: new settings, new code, no pause.
 *
 * Everything that can fail happens beside the running server: settings, backend,
 * log files and sockets are made anew and take their places only when all of
 * them are there.  Then a new generation of workers is wanted, and
 * children_maintain() sees to it that the old one leaves in step.  So a reload
 * that cannot work costs a line in the log. */
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "signals.h"
#include "state.h"
#include "ucorn/py/conf.h"
#include "ucorn/py/gunicorn.h"
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
	bool rebound; /* the bind list has changed */
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
		return master_preload(s, &fresh->app, err);
	fresh->app = m->app;
	return 0;
}

/* One of the two is given up for the other; they may be the same. */
static void drop_app(struct app *app, const struct app *kept)
{
	if (app != kept)
		wsgi_app_free(app);
}

/* All or nothing; the sockets come last, since they change the running server. */
static int prepare_rest(struct master *m, struct renewal *fresh, struct err *err)
{
	const struct settings *s = &fresh->settings;

	if (master_check_settings(s, &fresh->backend, err) < 0 || master_apply_env(s, err) < 0)
		return -1;
	if (prepare_app(m, fresh, err) < 0)
		goto old_app;
	gunicorn_judge();
	if (log_bridge_renew(s, err) < 0)
		goto old_app;
	if (log_sinks_open(&fresh->sinks, s->errorlog, s->accesslog, err) < 0)
		goto old_logger;
	log_sinks_own(&fresh->sinks, s->user, s->group);
	if (sockets_change(&m->sockets, s, &fresh->rebound, err) < 0)
		goto old_sinks;
	log_bridge_settle();
	return 0;
old_sinks:
	log_sinks_close(&fresh->sinks);
	log_set_fd(m->sinks.error.fd);
old_logger:
	log_bridge_revert();
old_app:
	drop_app(fresh->app, m->app);
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
static void change_app(struct master *m, struct app *app)
{
	if (m->app && m->app == app)
		log_warning("The application is preloaded: a reload does not import it again.");
	else if (m->app)
		log_warning("An application was preloaded: its modules stay imported, as they "
			    "are, until the server is started anew.");
	drop_app(m->app, app);
	m->app = app;
}

/* Workers have copies of all this since their fork. */
static void commit(struct master *m, struct renewal *fresh)
{
	unsigned before = m->children.wanted;

	settings_report_change(m->settings, &fresh->settings);
	settings_release(m->settings);
	*m->settings = fresh->settings;
	settings_report(m->settings);
	m->backend = fresh->backend;
	log_sinks_close(&m->sinks);
	m->sinks = fresh->sinks;
	worker_check_access_log(m->settings);
	master_set_title(m);
	apply_minor(m);
	if (fresh->rebound)
		sockets_log(&m->sockets, 0);
	change_app(m, fresh->app);
	plan_generation(&m->children, m->settings->workers);
	tell_hooks(m, before);
}

void master_reload(struct master *m)
{
	struct renewal fresh = {0};
	struct err err = {0};
	void *before = conf_save();
	int failed;

	systemd_reload_begins(m);
	failed = prepare(m, &fresh, &err);
	signals_install(); /* imported code may have taken them */
	if (failed) {
		conf_restore(before);
		systemd_reload_refused(m);
		log_error("The reload was given up, the server goes on as before: %s",
			  err.text[0] ? err.text : "the application could not be imported.");
	} else {
		conf_forget(before);
		commit(m, &fresh);
	}
}
