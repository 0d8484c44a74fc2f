/* Settings and Python: the configuration file, and cfg, which is what hooks and
 * logger classes see of the settings.  All need the GIL.
 *
 * Nothing here shows a Python object; ucorn/py/confobject.h does. */
#ifndef UCORN_PY_CONF_H
#define UCORN_PY_CONF_H

#include "ucorn/config/settings.h"

/* Runs the configuration file and lays what it says over s.
 *
 * location: PATH, file:PATH or python:MODULE; NULL: the one that the file of --paste
 * names (paste: its URI; NULL: there is none), else ucorn.conf.py, else
 * gunicorn.conf.py, of the current folder, if there is one.
 * -1 with err; when reloading, err has a sentence and the log the traceback, else
 * gunicorn's words are on stderr and err has the sentence that goes behind them,
 * empty if there is none.  No exception gets out, sys.exit included: its code is
 * in err. */
MUST_CHECK int conf_file_load(struct settings *s, const char *location, const char *paste,
			      bool reloading, struct err *err);

/* --paste URI: what is served and how it is called come from that file, and settings
 * if it has a section for ucorn.  Comes last: that section may use the variables of
 * --paste-global. */
MUST_CHECK int conf_paste(struct settings *s, const char *uri, struct err *err);

/* Makes cfg of the settings that are now complete; -1 with err when a value means
 * nothing to Python. */
MUST_CHECK int conf_complete(struct settings *s, struct err *err);

/* os.environ gets the variables of raw_env; -1 with err for what is no
 * assignment. */
MUST_CHECK int conf_environ_set(const struct settings *s, struct err *err);

/* os.environ as if conf_environ_set had never been called. */
MUST_CHECK int conf_environ_reset(struct err *err);

/* Prints all settings as gunicorn does, or with their origins; -1 after an
 * exception, which is logged. */
MUST_CHECK int conf_print(const struct settings *s, bool explain);

/* Loads the application for --check-config and says on stderr what is wrong
 * with it; gives the exit code. */
int conf_check_application(const struct settings *s);

/* What a configuration file can change in the process besides the settings
 * (os.environ, sys.path, the folder, the umask, the module __config__), kept for the case that
 * the reload fails.  Exactly one of the other two has to follow. */
void *conf_save(void);
void conf_restore(void *saved);
void conf_forget(void *saved);

#endif
