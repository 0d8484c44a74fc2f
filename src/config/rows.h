/* The stretches of the table, in its order. */
#ifndef UCORN_CONFIG_ROWS_H
#define UCORN_CONFIG_ROWS_H

#include "ucorn/config/table.h"

extern const struct setting_rows rows_serving, rows_mechanics, rows_logging, rows_hooks,
	rows_protocol, rows_absent;

#endif
