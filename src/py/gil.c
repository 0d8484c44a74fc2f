/* The GIL of long-lived threads: each keeps one thread state for its life, so
 * that threading.local and contextvars behave, and gives the GIL up only round
 * waits.
 *
 * What a thread without the GIL has to do to Python objects waits for one that has it. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"

static _Thread_local PyThreadState *released;

void gil_release(void)
{
	assert(!released);
	released = PyEval_SaveThread();
}

void gil_acquire(void)
{
	PyThreadState *state = released;

	assert(state);
	released = NULL;
	PyEval_RestoreThread(state);
}

bool gil_borrow(void)
{
	if (!released)
		return false;
	gil_acquire();
	return true;
}

bool gil_lend(void)
{
	if (released)
		return false;
	gil_release();
	return true;
}

struct chore {
	void (*done)(void *data);
	void *data;
};

/* What is let go of may be large: a few of them are enough. */
enum { CHORES_MAX = 32 };

static struct {
	pthread_mutex_t lock;
	struct chore list[CHORES_MAX];
	size_t count;
	atomic_bool some;
} chores = {.lock = PTHREAD_MUTEX_INITIALIZER};

void gil_do(void (*done)(void *data), void *data)
{
	bool put;

	if (!released) {
		done(data);
		return;
	}
	pthread_mutex_lock(&chores.lock);
	put = chores.count < CHORES_MAX;
	if (put)
		chores.list[chores.count++] = (struct chore){done, data};
	atomic_store_explicit(&chores.some, true, memory_order_relaxed);
	pthread_mutex_unlock(&chores.lock);
	if (put)
		return;
	/* No thread with the GIL has come by for a while. */
	gil_acquire();
	gil_do_due();
	done(data);
	gil_release();
}

static bool next_chore(struct chore *chore)
{
	bool some;

	pthread_mutex_lock(&chores.lock);
	some = chores.count > 0;
	if (some)
		*chore = chores.list[--chores.count];
	atomic_store_explicit(&chores.some, chores.count > 0, memory_order_relaxed);
	pthread_mutex_unlock(&chores.lock);
	return some;
}

void gil_do_due(void)
{
	struct chore chore;

	while (atomic_load_explicit(&chores.some, memory_order_relaxed) && next_chore(&chore))
		chore.done(chore.data);
}
