/* HUP: new settings, new code, no pause.
 *
 * Everything that can fail happens beside the running server: settings, backend,
 * log files and sockets are made anew and take their places only when all of
 * them are there.  Then a new generation of workers is wanted, and
 * children_maintain() sees to it that the old one leaves in step.  So a reload
 * that cannot work costs a line in the log. */
#include "signals.h"
#include "state.h"
#include "ucorn/util/log.h"
#include "ucorn/util/title.h"

/* What the new generation needs, made but not in use. */
struct renewal {
	struct settings settings;
	const struct worker_backend *backend;
	struct log_sinks sinks;
	bool rebound; /* the bind list has changed */
};

/* All or nothing; the sockets come last, since they change the running server. */
static int prepare_rest(struct master *m, struct renewal *fresh, struct err *err)
{
	const struct settings *s = &fresh->settings;

	if (master_check_settings(s, &fresh->backend, err) < 0 || master_preload(m, s, err) < 0)
		return -1;
	if (log_sinks_open(&fresh->sinks, s->errorlog, s->accesslog, err) < 0)
		return -1;
	if (sockets_change(&m->sockets, s, &fresh->rebound, err) < 0) {
		log_sinks_close(&fresh->sinks);
		log_set_fd(m->sinks.error.fd);
		return -1;
	}
	return 0;
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

/* Neither a pidfile nor a variable is worth the service. */
static void apply_minor(struct master *m)
{
	struct err err;

	master_raise_files(m->settings);
	if (master_apply_env(m->settings, &err) < 0)
		log_error("%s", err.text);
	if (master_write_pidfile(m, m->settings, &err) < 0)
		log_error("%s", err.text);
}

/* Workers have copies of all this since their fork. */
static void commit(struct master *m, struct renewal *fresh)
{
	settings_release(m->settings);
	*m->settings = fresh->settings;
	m->backend = fresh->backend;
	log_sinks_close(&m->sinks);
	m->sinks = fresh->sinks;
	log_set_level(log_level_from(m->settings->loglevel));
	title_set("ucorn: master [%s]", settings_proc_name(m->settings));
	apply_minor(m);
	if (fresh->rebound)
		sockets_log(&m->sockets, 0);
	if (m->settings->preload_app)
		log_warning("The application is preloaded: a reload does not import it again.");
	plan_generation(&m->children, m->settings->workers);
}

void master_reload(struct master *m)
{
	struct renewal fresh = {0};
	struct err err = {0};
	int failed = prepare(m, &fresh, &err);

	signals_install(); /* imported code may have taken them */
	if (failed)
		log_error("The reload was given up, the server goes on as before: %s",
			  err.text[0] ? err.text : "the application could not be imported.");
	else
		commit(m, &fresh);
}
