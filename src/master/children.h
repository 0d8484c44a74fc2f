/* The children of the master: what they are (this header), what should become
 * of them (plan.c, pure), and doing it (children.c). */
#ifndef UCORN_MASTER_CHILDREN_H
#define UCORN_MASTER_CHILDREN_H

#include <sys/types.h>

#include "ucorn/stats/scoreboard.h"

struct worker_context;

enum { CHILDREN_MAX = 1024, NEVER_MS = 0, NO_GENERATION = UINT32_MAX };

/* A child's way is from top to bottom, rows may be skipped. */
enum child_state {
	CHILD_NONE,    /* the slot is free */
	CHILD_BOOTING, /* forked, has not reported that it serves */
	CHILD_READY,
	CHILD_LEAVING, /* by its own decision or by ours: it gets no more work */
	CHILD_ABORTED, /* got SIGABRT for a timeout */
	CHILD_KILLED,  /* got SIGKILL */
};

struct child {
	pid_t pid;
	unsigned age;	     /* how many were forked before, plus 1 */
	unsigned generation; /* counts reloads */
	enum child_state state;
	uint64_t due_ms; /* when it has to be gone, or else; NEVER_MS: no limit */
	uint64_t forked_ms;
	uint64_t ready_ms;				 /* since when it served; 0: it never did */
	unsigned timeout, request_timeout, boot_timeout; /* what it lives by, in seconds */
	bool asked_to_leave;				 /* the master has sent TERM or QUIT */
	bool reopen_logs;				 /* a USR1 that it was too young for */
	bool stacks_asked;				 /* since it hangs */
	bool tired;    /* serves until another one is ready in its place */
	int stacks_fd; /* its Python stacks, if it hangs or crashes; -1: none */
	const char *killed_because;
};

/* The pause before the next fork, while forks do not lead to serving workers. */
struct backoff {
	uint64_t delay_ms; /* 0: nothing has failed lately */
	uint64_t until_ms; /* 0: no restriction; else one probe at a time, from then on */
	uint64_t failed_ms;
};

/* What a hook has raised ends the server. */
struct hook_failure {
	bool raised;
	int exit_code;
};

/* The master that USR2 has started (upgrade.c), a child that is no worker. */
struct heir {
	pid_t pid; /* 0: there is none */
	bool ended;
	int wait_status; /* if it has ended */
};

/* The index into slots is the child's slot on the scoreboard. */
struct children {
	struct child slots[CHILDREN_MAX];
	unsigned slots_used; /* all beyond are CHILD_NONE */
	unsigned alive;
	unsigned wanted; /* workers of the current generation */
	unsigned generation;
	unsigned generations;	    /* that there have been */
	unsigned former_generation; /* the last one that has served, while the current one has
				     * not yet; else NO_GENERATION */
	unsigned former_wanted;
	unsigned previous;	/* how many served when this generation began */
	unsigned kept_previous; /* of a generation that was given up; 0: of none */
	unsigned forked;	/* ever */
	bool ever_ready;	/* some worker has served at some time */
	int boot_failure;	/* exit code of a worker that failed before any served; 0: none */
	struct backoff backoff;
	struct backoff relief; /* of workers in the place of former ones */
	struct hook_failure failure;
	struct heir heir;
	struct scoreboard *scoreboard;
};

/* How a child's end is to be taken. */
enum child_end { END_EXPECTED, END_BOOT_FAILED, END_SHORT_LIVED };

/* --- plan.c: looks and decides, touches nothing but the structs --- */

/* The only writer of state. */
void child_set_state(struct children *c, struct child *child, enum child_state state,
		     uint64_t due_ms);

/* The lowest free slot, or NULL. */
struct child *children_free_slot(struct children *c);

/* Whether workers of an earlier generation serve. */
bool children_old_serve(const struct children *c);

/* How many workers to fork now. */
unsigned plan_spawns(const struct children *c, uint64_t now_ms);

/* How many to fork in the place of workers of the former generation that have gone, since
 * those of the current one do not boot. */
unsigned plan_relief(const struct children *c, uint64_t now_ms);

/* A child that should leave, or NULL.  To be asked again once that one is
 * CHILD_LEAVING. */
struct child *plan_retirement(struct children *c);

enum child_end plan_end(const struct child *child, int wait_status, uint64_t now_ms);

/* Begins a generation of wanted workers. */
void plan_generation(struct children *c, unsigned wanted);

/* The current generation, which has not served, is given up for the former one. */
void plan_former_generation(struct children *c);

/* How many there are in that state, of the current or of earlier generations. */
unsigned children_count(const struct children *c, bool current, enum child_state state);

/* Whether the current generation is what it should be, so that the former one is history: a
 * worker of it serves, or none is wanted and none of the former is left. */
bool plan_is_settled(const struct children *c);

/* A fork of forked_ms has failed: lengthens the pause, from first_ms on.  False:
 * it was forked before the last failure, so it says nothing new; many workers
 * may die of the same thing. */
bool backoff_fail(struct backoff *b, uint64_t first_ms, uint64_t forked_ms, uint64_t now_ms);

/* One child serves: the others may follow. */
void backoff_ready(struct backoff *b);

/* A child has served since ready_ms. */
void backoff_serving(struct backoff *b, uint64_t ready_ms, uint64_t now_ms);

/* Milliseconds until something is due, at most tick_ms. */
int plan_wait(const struct children *c, uint64_t now_ms, unsigned tick_ms);

/* --- children.c: forks, signals and reaps --- */

/* 0, or -1 when there is no memory for the scoreboard. */
MUST_CHECK int children_init(struct children *c, unsigned wanted);
void children_release(struct children *c);

/* Takes in what the workers report and buries those that ended. */
void children_watch(struct children *c, const struct worker_context *base, uint64_t now_ms);

/* Brings what is alive to what is wanted: the one place that forks workers and
 * lets them go while the server runs.  base: what all workers get; former: what those get
 * that stand in for the former generation. */
void children_maintain(struct children *c, const struct worker_context *base,
		       const struct worker_context *former, uint64_t now_ms);

/* When a worker that is told to leave now has to be gone. */
uint64_t children_leave_by(unsigned graceful_timeout, uint64_t now_ms);

/* Sends signal_number (TERM or QUIT) to all; they have until due_ms, or
 * less if they were told before. */
void children_stop(struct children *c, int signal_number, uint64_t due_ms);

/* USR1 to all, to the booting ones once they serve. */
void children_reopen_logs(struct children *c);

/* Nobody is left, or only processes that SIGKILL did not end in time. */
bool children_gone(const struct children *c, uint64_t now_ms);

/* What the worker shows of itself. */
struct score_slot *children_slot(const struct children *c, const struct child *child);

/* --- enforce.c --- */

/* Aborts those that hang, after saying what they were doing, and kills those whose time
 * is over. */
void children_enforce(struct children *c, uint64_t now_ms);

/* The Python stacks that the worker has left behind, if any. */
void children_log_stacks(const struct child *child);

#endif
