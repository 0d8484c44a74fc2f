/* What the setting types share. */
#ifndef UCORN_CONFIG_TYPES_H
#define UCORN_CONFIG_TYPES_H

#include "ucorn/config/table.h"
#include "ucorn/util/slice.h"

/* str.strip() of ASCII text. */
struct slice stripped(const char *text);

/* A copy of it; NULL with err when there is no memory. */
char *copy_stripped(const char *text, struct err *err);

#endif
