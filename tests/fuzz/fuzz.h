/* What libFuzzer and the replay program call. */
#ifndef UCORN_TESTS_FUZZ_H
#define UCORN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
