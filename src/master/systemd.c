/* What systemd is told of the service, and when.
 *
 * READY=1 means that a worker serves.  Until then each turn asks for more time, since
 * an application's import takes as long as it takes; but not when a boot has failed:
 * then TimeoutStartSec= is what ends the attempt.  A reload lasts until its workers have
 * replaced the others, or it is plain that they will not.
 *
 * Only the main process may speak (NotifyAccess=main): a new master keeps silent until
 * it is promoted, and an old one that stops before it makes it the main process.
 *
 * What could not be sent, because systemd is busy, is said in the next turn. */
#include "systemd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"
#include "state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

enum { MORE_TIME_S = 10 };

static bool may_speak(const struct master *m)
{
	return m->heritage->notify_socket && !m->old_master && !m->service.is_over;
}

/* Assignments line by line; whether they have gone out. */
static bool PRINTF_LIKE(2, 3) tell(struct master *m, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int rc;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	rc = notify_send(m->heritage->notify_socket, text);
	if (rc < 0 && rc != -EAGAIN && !m->service.cannot_tell) {
		log_warning("Cannot notify systemd at %s: %s.", m->heritage->notify_socket,
			    strerror(-rc));
		m->service.cannot_tell = true;
	}
	return rc == 0;
}

/* --- what there is to say --- */

static bool generation_is_complete(const struct children *c)
{
	return children_count(c, true, CHILD_READY) >= c->wanted &&
	       children_count(c, false, CHILD_READY) == 0;
}

/* Workers of this generation have ended before they served. */
static bool boot_has_failed(const struct children *c)
{
	return c->boot_failure || c->backoff.delay_ms > 0;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void write_status(const struct master *m, char *text, size_t room)
{
	const struct children *c = &m->children;
	unsigned ready = children_count(c, true, CHILD_READY),
		 all = ready + children_count(c, false, CHILD_READY);
	const char *note = m->service.note ? m->service.note : "";

	if (m->stop != STOP_NO)
		snprintf(text, room, "stopping: %u worker%s left", c->alive, plural(c->alive));
	else if (m->service.is_reloading)
		snprintf(text, room, "reloading: %u of %u new worker%s serve", ready, c->wanted,
			 plural(c->wanted));
	else if (!c->ever_ready)
		snprintf(text, room, "starting: %u of %u worker%s serve", ready, c->wanted,
			 plural(c->wanted));
	else if (all == c->wanted)
		snprintf(text, room, "%u worker%s serve%s%s", all, plural(all), all == 1 ? "s" : "",
			 note);
	else
		snprintf(text, room, "%u of %u worker%s serve%s", all, c->wanted, plural(c->wanted),
			 note);
}

/* --- saying it --- */

static const char failed_to_boot[] = "; the last reload has failed to boot";

/* What has become of a reload.  One that has failed may still succeed. */
static void settle_reload(struct service *service, const struct children *c)
{
	if (!service->is_reloading && service->note != failed_to_boot)
		return;
	if (generation_is_complete(c))
		service->note = NULL;
	else if (boot_has_failed(c))
		service->note = failed_to_boot;
	else
		return;
	if (service->is_reloading)
		service->is_ready = false; /* to be said again */
	service->is_reloading = false;
}

static void tell_start(struct master *m)
{
	const struct children *c = &m->children;

	if (c->ever_ready || c->wanted == 0)
		m->service.is_ready = tell(m, "READY=1\nMAINPID=%d", (int)getpid());
	else if (!boot_has_failed(c) && !m->heritage->old_master)
		(void)tell(m, "EXTEND_TIMEOUT_USEC=%d000000", MORE_TIME_S);
}

static void tell_status(struct master *m)
{
	char text[sizeof(m->service.status)];

	write_status(m, text, sizeof(text));
	if (strcmp(text, m->service.status) != 0 && tell(m, "STATUS=%s", text))
		memcpy(m->service.status, text, sizeof(text));
}

static uint64_t sign_of_life_ms(const struct master *m)
{
	return m->heritage->watchdog_us / 4000;
}

static void tell_life(struct master *m, uint64_t now_ms)
{
	if (m->heritage->watchdog_us == 0 || now_ms - m->service.alive_ms < sign_of_life_ms(m))
		return;
	if (tell(m, "WATCHDOG=1"))
		m->service.alive_ms = now_ms;
}

void systemd_turn(struct master *m, uint64_t now_ms)
{
	if (!may_speak(m))
		return;
	if (m->stop == STOP_NO)
		settle_reload(&m->service, &m->children);
	tell_status(m);
	if (!m->service.is_ready && m->stop == STOP_NO)
		tell_start(m);
	tell_life(m, now_ms);
}

unsigned systemd_tick_ms(const struct master *m, unsigned tick_ms)
{
	uint64_t life_ms = sign_of_life_ms(m);

	if (m->heritage->watchdog_us == 0 || life_ms >= tick_ms)
		return tick_ms;
	return life_ms > 0 ? (unsigned)life_ms : 1;
}

/* --- events --- */

void systemd_reload_begins(struct master *m)
{
	if (!may_speak(m) || !m->service.is_ready)
		return;
	m->service.is_reloading = tell(m, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
				       (unsigned long long)clock_us());
	m->service.note = NULL;
	m->service.status[0] = '\0';
}

void systemd_reload_refused(struct master *m)
{
	m->service.note = "; the last reload was refused";
	if (!m->service.is_reloading)
		return;
	m->service.is_reloading = false;
	m->service.is_ready = false;
}

void systemd_stops(struct master *m)
{
	if (!may_speak(m) || m->stop != STOP_NO)
		return;
	if (m->children.heir.pid > 0) {
		(void)tell(m, "MAINPID=%d", (int)m->children.heir.pid);
		m->service.is_over = true;
	} else {
		(void)tell(m, "STOPPING=1");
	}
}

void systemd_promoted(struct master *m)
{
	if (may_speak(m))
		(void)tell(m, "MAINPID=%d", (int)getpid());
}
