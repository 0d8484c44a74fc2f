/* Python's own program instead of its library.
 *
 * Distributions build python3 with more care than libpython3: Debian's has profile-guided and
 * link-time optimisation, its library neither.  So all of this program is an extension module
 * as well, and the program goes on as python3 with that, where it can: applications need a sixth
 * less CPU there.  Else it embeds the library, which makes no other difference. */
#ifndef UCORN_PY_REEXEC_H
#define UCORN_PY_REEXEC_H

#include "ucorn/util/err.h"

/* The whole program; python3 calls it with what was given to reexec_as_python. */
int main(int argc, char **argv);

/* To be called before interp_start and before anything that does not survive exec.  Chooses
 * the user's environment: a pyvenv.cfg beside the program's folder, else VIRTUAL_ENV, else
 * the interpreter this was built for.  One of another minor version, or one that cannot be
 * read, is refused with a sentence.  Becomes its python3 if that is the one this was built for, the
 * module is there, and UCORN_PYTHON in the environment is not "library".  Returns where it stays
 * what it is: 0, which includes that it is python3 already, or -1 with err. */
MUST_CHECK int reexec_as_python(char **argv, struct err *err);

/* Whether it has. */
bool reexec_is_python(void);

#endif
