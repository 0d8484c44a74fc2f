/* What an access format can name. */
#ifndef UCORN_LOG_ACCESS_ATOMS_H
#define UCORN_LOG_ACCESS_ATOMS_H

#include "ucorn/log/access.h"

/* The local time, formatted once a second. */
struct access_clock {
	time_t second;
	size_t len; /* 0: nothing formatted yet */
	char text[48];
};

struct atom_call {
	const struct access_record *r;
	struct slice key;    /* x of {x}i */
	struct buf *scratch; /* empty; for text that has to be made */
	struct access_clock *clock;
};

/* Either number or text is set.  text gives 0 or -ENOMEM; *value, which comes
 * with a NULL base, stays so when there is nothing to say ("-"), else it is
 * valid as long as the record and the scratch. */
struct access_atom {
	const char *name; /* "{i": written {x}i */
	uint64_t (*number)(const struct access_record *r);
	int (*text)(struct atom_call *c, struct slice *value);
};

/* The atom that name means, its key in *key.  Names that nobody knows have an
 * atom too: the one that has nothing to say. */
const struct access_atom *access_atom_find(struct slice name, struct slice *key);

#endif
