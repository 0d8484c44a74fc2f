/* Forking workers, watching them, and letting them go.
 *
 * children_maintain() reconciles what is alive with what is wanted; reloads,
 * TTIN and TTOU only change what is wanted.  plan.c decides, this file does:
 * fork, kill, waitpid, and a line in the log for what an operator should know.
 *
 * A worker may die at any moment and may never answer.  So nothing here waits:
 * each child that should go has a time by which it is gone or gets SIGKILL, and
 * a kill(2) that comes too late is harmless, since the pid stays taken until
 * waitpid(2) has given it back. */
#include "children.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"
#include "signals.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"
#include "ucorn/worker/worker.h"

enum {
	FIRST_PAUSE_MS = 100,
	FIRST_RELOAD_PAUSE_MS = 1000,
	WITHOUT_SIGN_MS = 30000,
	LEAVE_SLACK_MS = 2000, /* the worker itself ends at graceful_timeout, or a tick later */
};

int children_init(struct children *c, unsigned wanted)
{
	*c = (struct children){.wanted = wanted, .former_generation = NO_GENERATION};
	c->scoreboard = scoreboard_new(CHILDREN_MAX);
	return c->scoreboard ? 0 : -1;
}

void children_release(struct children *c)
{
	scoreboard_free(c->scoreboard, CHILDREN_MAX);
	c->scoreboard = NULL;
}

struct score_slot *children_slot(const struct children *c, const struct child *child)
{
	return &c->scoreboard->slots[child - c->slots];
}

uint64_t children_leave_by(unsigned graceful_timeout, uint64_t now_ms)
{
	return now_ms + (uint64_t)graceful_timeout * 1000 + LEAVE_SLACK_MS;
}

static uint64_t leave_by(const struct worker_context *base, uint64_t now_ms)
{
	return children_leave_by(base->settings->graceful_timeout, now_ms);
}

/* --- forking --- */

/* Everything in here is the child; it never returns. */
static _Noreturn void live_as_worker(struct children *c, const struct worker_context *context)
{
	signals_reset_in_child();
	for (unsigned i = 0; i < c->slots_used; i++)
		if (c->slots[i].state != CHILD_NONE)
			fd_close(&c->slots[i].stacks_fd); /* those of others */

	context->enter(context->enter_data);

	int code = interp_end(worker_main(context));

	fflush(NULL);
	_exit(code);
}

static void fork_failed(struct children *c, int error, uint64_t now_ms)
{
	if (backoff_fail(&c->backoff, FIRST_PAUSE_MS, now_ms, now_ms))
		log_error("Can't fork a worker: %s. Next try in %.1f s.", strerror(error),
			  (double)c->backoff.delay_ms / 1000);
}

/* A class of the user's has raised, which the log has been told. */
static void hiring_failed(struct children *c, uint64_t now_ms)
{
	enum { WORKER_BOOT_ERROR = 3 };

	if (!c->ever_ready)
		c->boot_failure = WORKER_BOOT_ERROR;
	else if (backoff_fail(&c->backoff, FIRST_RELOAD_PAUSE_MS, now_ms, now_ms))
		log_error("No worker can be made of the worker class; next try in %.1f s.",
			  (double)c->backoff.delay_ms / 1000);
}

/* The object that both processes have of the worker, and pre_fork, which gets it. */
static bool before_fork(struct children *c, const struct worker_context *context, uint64_t now_ms)
{
	struct worker_birth birth = {
		.age = context->age,
		.slot = (unsigned)(context->slot - c->scoreboard->slots),
		.max_requests = worker_draw_limit(context->settings, context->age),
	};
	struct err err;

	if (worker_object_make(&birth, &err) < 0) {
		hiring_failed(c, now_ms);
		return false;
	}
	if (master_hook(c, HOOK_PRE_FORK))
		return true;
	worker_object_forked(-1);
	return false;
}

static bool spawn(struct children *c, const struct worker_context *base, unsigned generation,
		  uint64_t now_ms)
{
	struct child *child = children_free_slot(c);
	struct worker_context context = *base;
	sigset_t before;

	if (!child)
		return false;
	context.scoreboard = c->scoreboard;
	context.slot = children_slot(c, child);
	context.slot_count = CHILDREN_MAX;
	context.age = c->forked + 1;
	context.replaces = c->ever_ready;
	if (!before_fork(c, &context, now_ms))
		return false;
	scoreboard_begin(c->scoreboard, context.slot, clock_ms());
	context.stacks_fd = memfd_create(NAME_PROGRAM "-stacks", MFD_CLOEXEC);

	signals_block(&before);
	pid_t pid = interp_fork();

	if (pid == 0)
		live_as_worker(c, &context);
	signals_unblock(&before);
	worker_object_forked(pid);

	if (pid < 0) {
		fd_close(&context.stacks_fd);
		atomic_store(&context.slot->state, SCORE_EMPTY);
		fork_failed(c, (int)-pid, now_ms);
		return false;
	}
	*child = (struct child){.pid = pid,
				.forked_ms = now_ms,
				.age = context.age,
				.generation = generation,
				.timeout = base->settings->timeout,
				.request_timeout = base->settings->request_timeout,
				.boot_timeout = base->settings->boot_timeout,
				.stacks_fd = context.stacks_fd};
	child_set_state(c, child, CHILD_BOOTING, NEVER_MS);
	c->forked++;
	return true;
}

/* So that it can tell the master's signal from one that somebody has sent to all. */
static void tell_to_leave(struct children *c, struct child *child, int signal_number)
{
	atomic_store(&children_slot(c, child)->relieved, true);
	kill(child->pid, signal_number);
	child->asked_to_leave = true;
}

/* The new settings cannot be lived with, and fewer are left who live with the old ones. */
static void relieve(struct children *c, const struct worker_context *former, uint64_t now_ms)
{
	for (unsigned n = plan_relief(c, now_ms); n > 0; n--) {
		log_warning("A worker from before the reload has gone; another one is started with "
			    "the settings of that time.");
		if (!spawn(c, former, c->former_generation, now_ms))
			break;
	}
}

void children_maintain(struct children *c, const struct worker_context *base,
		       const struct worker_context *former, uint64_t now_ms)
{
	struct child *child;

	for (unsigned n = plan_spawns(c, now_ms); n > 0; n--) {
		if (!spawn(c, base, c->generation, now_ms))
			break;
	}
	relieve(c, former, now_ms);
	while ((child = plan_retirement(c)) != NULL) {
		tell_to_leave(c, child, SIGTERM);
		child_set_state(c, child, CHILD_LEAVING, leave_by(base, now_ms));
	}
}

/* --- watching --- */

static void became_ready(struct children *c, struct child *child, uint64_t now_ms)
{
	child->ready_ms = now_ms;
	c->ever_ready = true;
	if (child->generation == c->generation)
		backoff_ready(&c->backoff);
	else
		backoff_ready(&c->relief);
	if (child->reopen_logs)
		kill(child->pid, SIGUSR1);
	child->reopen_logs = false;
}

/* A class of the user's may give its sign of life by the file, and none at all: then it counts
 * for itself that it runs, after a time. */
static bool serves(struct score_slot *slot, const struct child *child, uint64_t now_ms)
{
	if (atomic_load(&slot->served))
		return true;
	if (!atomic_load(&slot->entered))
		return false;
	if (worker_object_touched(child->pid)) {
		atomic_store(&slot->beat_ms, now_ms);
		atomic_store(&slot->served, true);
		return true;
	}
	return now_ms > atomic_load(&slot->beat_ms) + WITHOUT_SIGN_MS;
}

/* The worker's own report, taken over. */
static void observe(struct children *c, const struct worker_context *base, struct child *child,
		    uint64_t now_ms)
{
	uint32_t report = atomic_load(&children_slot(c, child)->state);

	if (child->state == CHILD_BOOTING && serves(children_slot(c, child), child, now_ms)) {
		child_set_state(c, child, CHILD_READY, NEVER_MS);
		became_ready(c, child, now_ms);
	}
	child->tired = report == SCORE_TIRED;
	/* One that leaves before it has served is a boot that fails, when it ends. */
	if (child->state == CHILD_READY && report == SCORE_LEAVING)
		child_set_state(c, child, CHILD_LEAVING, leave_by(base, now_ms));
	if (child->state == CHILD_READY && child->generation == c->generation)
		backoff_serving(&c->backoff, child->ready_ms, now_ms);
}

/* Ctrl-C reaches all processes of a terminal, and the master passes it on: a worker
 * that is about to end meets it twice. */
static bool is_end_of_quick_stop(const struct children *c, int signal_number)
{
	return atomic_load(&c->scoreboard->stopping) &&
	       (signal_number == SIGQUIT || signal_number == SIGINT);
}

static void log_signal_death(const struct children *c, const struct child *child, int signal_number)
{
	const char *name = sigabbrev_np(signal_number);
	enum log_level level = LOG_WARNING;
	const char *more = "";

	if (child->killed_because && signal_number == SIGKILL) {
		more = child->killed_because;
	} else if (signal_number == SIGKILL) {
		more = " Perhaps out of memory?";
		level = LOG_ERROR;
	} else if (signal_number == SIGTERM) {
		level = LOG_INFO;
	} else if (is_end_of_quick_stop(c, signal_number)) {
		level = LOG_DEBUG;
	}
	if (name)
		LOG_AT(level, "Worker (pid:%d) was sent SIG%s!%s", (int)child->pid, name, more);
	else
		LOG_AT(level, "Worker (pid:%d) was sent signal %d!%s", (int)child->pid,
		       signal_number, more);
}

static void log_end(const struct children *c, const struct child *child, int wait_status)
{
	if (WIFSIGNALED(wait_status))
		log_signal_death(c, child, WTERMSIG(wait_status));
	else if (WEXITSTATUS(wait_status) != 0)
		log_error("Worker (pid:%d) exited with code %d.", (int)child->pid,
			  WEXITSTATUS(wait_status));
}

/* The master's own end depends on it: its exit code is the worker's. */
static bool ends_first_start(const struct children *c, int wait_status)
{
	enum { WORKER_BOOT_ERROR = 3, APP_LOAD_ERROR = 4 };

	return !c->ever_ready && WIFEXITED(wait_status) &&
	       (WEXITSTATUS(wait_status) == WORKER_BOOT_ERROR ||
		WEXITSTATUS(wait_status) == APP_LOAD_ERROR);
}

static void boot_failed(struct children *c, const struct child *child, int wait_status,
			uint64_t now_ms)
{
	bool reloading = children_old_serve(c);

	if (ends_first_start(c, wait_status)) {
		c->boot_failure = WEXITSTATUS(wait_status);
		return;
	}
	uint64_t first_ms = reloading ? FIRST_RELOAD_PAUSE_MS : FIRST_PAUSE_MS;

	if (!backoff_fail(&c->backoff, first_ms, child->forked_ms, now_ms))
		return;
	if (reloading)
		log_error("The new generation failed to boot; the previous workers keep serving. "
			  "Next try in %.1f s.",
			  (double)c->backoff.delay_ms / 1000);
	else
		log_error("Worker (pid:%d) ended before it could serve. Next try in %.1f s.",
			  (int)child->pid, (double)c->backoff.delay_ms / 1000);
}

static void short_lived(struct children *c, const struct child *child, uint64_t now_ms)
{
	if (backoff_fail(&c->backoff, FIRST_PAUSE_MS, child->forked_ms, now_ms))
		log_error("Worker (pid:%d) ended right after its boot. Next try in %.1f s.",
			  (int)child->pid, (double)c->backoff.delay_ms / 1000);
}

/* What an earlier generation does says nothing about the current one. */
static void bury(struct children *c, struct child *child, int wait_status, uint64_t now_ms)
{
	enum child_end end = plan_end(child, wait_status, now_ms);

	worker_object_reaped(child->pid);
	if (end != END_BOOT_FAILED || !ends_first_start(c, wait_status)) {
		log_end(c, child, wait_status);
		children_log_stacks(child);
		(void)master_hook(c, HOOK_CHILD_EXIT);
	}
	worker_object_forget();
	fd_close(&child->stacks_fd);
	scoreboard_end(c->scoreboard, children_slot(c, child));
	child_set_state(c, child, CHILD_NONE, NEVER_MS);
	if (child->generation != c->generation) {
		if (end != END_EXPECTED)
			(void)backoff_fail(&c->relief, FIRST_PAUSE_MS, child->forked_ms, now_ms);
		return;
	}
	if (end == END_BOOT_FAILED)
		boot_failed(c, child, wait_status, now_ms);
	else if (end == END_SHORT_LIVED)
		short_lived(c, child, now_ms);
}

static struct child *find(struct children *c, pid_t pid)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		if (c->slots[i].state != CHILD_NONE && c->slots[i].pid == pid)
			return &c->slots[i];
	}
	return NULL;
}

/* As process 1 of a container the master also inherits strangers. */
static void reap(struct children *c, const struct worker_context *base, uint64_t now_ms)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		struct child *child = find(c, pid);

		if (pid == c->heir.pid) {
			c->heir.ended = true;
			c->heir.wait_status = wait_status;
			continue;
		}
		if (!child) {
			log_debug("Reaped unknown child process (pid:%d, status:%d)", (int)pid,
				  wait_status);
			continue;
		}
		observe(c, base, child, now_ms); /* its last report may be news */
		bury(c, child, wait_status, now_ms);
	}
}

void children_watch(struct children *c, const struct worker_context *base, uint64_t now_ms)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		if (c->slots[i].state != CHILD_NONE)
			observe(c, base, &c->slots[i], now_ms);
	}
	reap(c, base, now_ms);
}

/* --- stopping, log files --- */

void children_stop(struct children *c, int signal_number, uint64_t due_ms)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];

		if (child->state == CHILD_NONE || child->state >= CHILD_ABORTED)
			continue;
		tell_to_leave(c, child, signal_number);
		if (child->due_ms != NEVER_MS && child->due_ms < due_ms)
			continue;
		child_set_state(c, child, CHILD_LEAVING, due_ms);
	}
}

void children_reopen_logs(struct children *c)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];

		if (child->state == CHILD_BOOTING)
			child->reopen_logs = true;
		else if (child->state != CHILD_NONE)
			kill(child->pid, SIGUSR1);
	}
}

bool children_gone(const struct children *c, uint64_t now_ms)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		const struct child *child = &c->slots[i];

		if (child->state == CHILD_NONE)
			continue;
		if (child->state != CHILD_KILLED || now_ms < child->due_ms)
			return false;
	}
	return true;
}
