/* THE table of the master's signals, and everything that reads it.
 *
 * One row says under which name a signal is logged, what it does, and what it
 * is to a worker.  The handler only counts and writes a byte into a pipe, which
 * the loop polls; the count is the truth, the byte just wakes.  So a full pipe
 * loses nothing: there is something to wake up for anyway.  Workers write a zero
 * byte into the same pipe when their slot on the scoreboard changes.
 *
 * The handler may run on any thread (preloaded applications start some), hence
 * lock-free atomics.  It never runs Python. */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/hub.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the handler may not lock");

/* What a signal is to a worker until that installs its own handlers.  NOTHING
 * is a handler that does nothing: `pkill -HUP ucorn` means the master, and would
 * end (HUP, USR1, USR2) or stop (TTIN, TTOU) the workers.  SIG_IGN would be
 * inherited by what the application executes; a handler is not. */
enum child_action { DEFAULT, NOTHING };

struct signal_row {
	int number;
	const char *name;		 /* in the log; NULL: not logged */
	void (*handle)(struct master *); /* NULL: waking the loop is all */
	bool counts;			 /* twice is not the same as once */
	bool while_stopping;		 /* has a meaning then */
	enum child_action in_child;
};

/* Handled in this order when several are pending. */
static const struct signal_row table[] = {
	{SIGTERM, "term", master_on_term, false, false, DEFAULT},
	{SIGINT, "int", master_on_quit, false, true, DEFAULT},
	{SIGQUIT, "quit", master_on_quit, false, true, DEFAULT},
	{SIGHUP, "hup", master_on_hup, false, false, NOTHING},
	{SIGTTIN, "ttin", master_on_ttin, true, false, NOTHING},
	{SIGTTOU, "ttou", master_on_ttou, true, false, NOTHING},
	{SIGUSR1, "usr1", master_on_usr1, false, true, NOTHING},
	{SIGUSR2, "usr2", master_on_usr2, false, false, NOTHING},
	{SIGWINCH, "winch", master_on_winch, false, false, DEFAULT},
	{SIGCHLD, NULL, NULL, false, true, DEFAULT},
};

static atomic_uint pending[ARRAY_LEN(table)];
static int pipe_ends[2] = {-1, -1};

/* --- in signal context --- */

static void catch_signal(int number)
{
	int saved_errno = errno;
	unsigned char byte = (unsigned char)number;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].number == number)
			atomic_fetch_add(&pending[i], 1);
	}
	if (write(pipe_ends[1], &byte, 1) < 0) {
		/* Full: the loop will wake up anyway. */
	}
	errno = saved_errno;
}

static void do_nothing(int number)
{
	UNUSED(number);
}

/* --- installing --- */

static void set_action(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigfillset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static sigset_t table_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		sigaddset(&set, table[i].number);
	return set;
}

void signals_install(void)
{
	sigset_t set = table_set();

	if (pipe_ends[1] < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		set_action(table[i].number, catch_signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int signals_open(struct err *err)
{
	int error = fd_pipe(pipe_ends);

	if (error)
		return err_set(err, "Can't make a pipe for signals: %s.", strerror(-error));
	signals_install();
	return 0;
}

void signals_close(void)
{
	/* One that comes while the interpreter ends asks for nothing more; the default
	 * would make another exit status of it. */
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		set_action(table[i].number, do_nothing);
	fd_close(&pipe_ends[0]);
	fd_close(&pipe_ends[1]);
}

int signals_wake_fd(void)
{
	return pipe_ends[1];
}

void signals_wake(void)
{
	if (write(pipe_ends[1], "", 1) < 0) {
		/* Full, which wakes too; or there is no loop yet. */
	}
}

/* --- around a fork --- */

void signals_block(sigset_t *before)
{
	sigset_t set = table_set();

	sigprocmask(SIG_BLOCK, &set, before);
}

void signals_unblock(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

void signals_reset_in_child(void)
{
	sigset_t set = table_set();

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		set_action(table[i].number, table[i].in_child == NOTHING ? do_nothing : SIG_DFL);
		atomic_store(&pending[i], 0);
	}
	fd_close(&pipe_ends[0]);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* --- in the loop --- */

static void drain(void)
{
	char bytes[256];
	ssize_t n;

	do {
		n = read(pipe_ends[0], bytes, sizeof(bytes));
	} while (n == (ssize_t)sizeof(bytes) || (n < 0 && errno == EINTR));
}

void signals_wait(int timeout_ms)
{
	if (hub_poll(pipe_ends[0], timeout_ms))
		drain();
}

static void dispatch_row(const struct signal_row *row, unsigned times, struct master *m)
{
	if (m->stop != STOP_NO && !row->while_stopping)
		return;
	for (unsigned i = 0; i < (row->counts ? times : 1); i++) {
		if (row->name)
			log_info("Handling signal: %s", row->name);
		if (row->handle)
			row->handle(m);
	}
}

void signals_dispatch(struct master *m)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		unsigned times = atomic_exchange(&pending[i], 0);

		if (times > 0)
			dispatch_row(&table[i], times, m);
	}
}
