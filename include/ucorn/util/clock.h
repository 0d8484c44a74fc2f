/* Time.  Deadlines are monotonic milliseconds; only logs know the calendar. */
#ifndef UCORN_UTIL_CLOCK_H
#define UCORN_UTIL_CLOCK_H

#include "ucorn/util/base.h"

/* Monotonic, the same clock in all processes of the machine. */
uint64_t clock_ms(void);
uint64_t clock_us(void);

#endif
