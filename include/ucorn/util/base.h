/* The few macros that every folder uses. */
#ifndef UCORN_UTIL_BASE_H
#define UCORN_UTIL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller has to look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Arguments fmt (counted from 1) and following are printf's. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that holds *member at ptr. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define UNUSED(x) ((void)(x))

/* For functions below which greenlets switch, outside of the folders that are compiled for
 * that (UCORN_SWITCHED in cmake/Layers.cmake, which says why). */
#define MAY_SWITCH __attribute__((no_sanitize_address))

#endif
