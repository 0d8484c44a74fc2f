/* What the master tells a logger that sends metrics (statsd): how many workers there
 * are, and how many clients wait to be accepted.  With any other logger these are
 * lines at debug level, about changes only. */
#include <stdio.h>

#include "state.h"
#include "ucorn/py/logbridge.h"

static void report_workers(struct master *m)
{
	char text[32];

	if (m->told_workers == m->children.alive)
		return;
	m->told_workers = m->children.alive;
	snprintf(text, sizeof(text), "%u workers", m->told_workers);
	log_bridge_metric(text, "gunicorn.workers", (long)m->told_workers, "gauge");
}

static void report_backlog(const struct master *m)
{
	unsigned waiting = 0;
	char text[32];

	for (size_t i = 0; i < m->sockets.count; i++)
		waiting += listener_waiting(&m->sockets.items[i]);
	snprintf(text, sizeof(text), "socket backlog: %u", waiting);
	log_bridge_metric(text, "gunicorn.backlog", (long)waiting, "histogram");
}

void master_report_metrics(struct master *m)
{
	report_workers(m);
	if (m->settings->enable_backlog_metric)
		report_backlog(m);
}
