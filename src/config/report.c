/* What has to be said about values: those that cannot be obeyed, those that ask
 * for what ucorn does not have, those that would need a restart. */
#include "ucorn/config/table.h"
#include "ucorn/util/log.h"

/* Calls say for each row of that status whose value is not the default. */
static int each_departure(const struct settings *s, enum setting_status status,
			  int (*say)(const struct setting *row, struct err *err), struct err *err)
{
	const struct setting *row;
	struct settings defaults;
	int rc = settings_init(&defaults, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && (row = setting_at(i)) != NULL; i++)
		if (row->status == status && !setting_same(row, s, &defaults))
			rc = say(row, err);
	settings_release(&defaults);
	return rc;
}

static int refuse(const struct setting *row, struct err *err)
{
	return err_set(err, "%s is not possible yet: %s", row->name, row->note);
}

static int warn(const struct setting *row, struct err *err)
{
	UNUSED(err);
	log_warning("%s is ignored: %s", row->name, row->note);
	return 0;
}

static int mention(const struct setting *row, struct err *err)
{
	UNUSED(err);
	log_debug("%s has no effect: %s", row->name, row->note);
	return 0;
}

int settings_check(const struct settings *s, struct err *err)
{
	return each_departure(s, SETTING_REFUSED, refuse, err);
}

void settings_report(const struct settings *s)
{
	struct err err;

	if (each_departure(s, SETTING_NOT_OFFERED, warn, &err) < 0 ||
	    each_departure(s, SETTING_WITHOUT_EFFECT, mention, &err) < 0)
		log_error("%s", err.text);
}

void settings_report_change(const struct settings *running, const struct settings *fresh)
{
	const struct setting *row;

	for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
		if (row->needs_restart && !setting_same(row, running, fresh))
			log_warning("%s has changed: only a restart takes that over.", row->name);
}
