/* USR2: a new master beside the old one, and what becomes of the two. */
#ifndef UCORN_MASTER_UPGRADE_H
#define UCORN_MASTER_UPGRADE_H

#include "ucorn/util/base.h"

struct master;

/* Starts the program anew beside this master, unless there are two already. */
void upgrade_begin(struct master *m);

/* In a master that was started by another: is told at once when that one ends. */
void upgrade_watch_old(const struct master *m);

/* Takes the old master's place when it has gone. */
void upgrade_promote(struct master *m);

/* Tells of the new master's end, after children_watch. */
void upgrade_bury(struct master *m);

#endif
