/* ucorn [OPTIONS] [APP_MODULE]: from the command line to a running master.
 *
 * The sources of settings are read in gunicorn's order, which shows in what is
 * complained about first: the command line's words, the words in the
 * environment, the configuration file; then the words are laid over the file.
 * A reload goes through the same but for the command line, which does not
 * change. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/config/cli.h"
#include "ucorn/master/master.h"
#include "ucorn/py/conf.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/reexec.h"
#include "ucorn/util/exec.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"

struct launch {
	struct heritage heritage;
	struct command_line line;
	enum cli_action action; /* what the words, wherever they are, ask for */
	bool explain;
	bool reloading;
};

/* What the environment says in the words of the command line. */
struct variables {
	struct command_line gunicorns; /* GUNICORN_CMD_ARGS */
	struct command_line own;       /* UCORN_CMD_ARGS, which goes before it */
};

static int read_variable(struct launch *l, struct command_line *line, const char *name,
			 struct err *err)
{
	if (cli_read_text(line, getenv(name), err) < 0)
		return -1;
	if (l->action == CLI_RUN)
		l->action = line->action;
	l->explain = l->explain || line->explain;
	return 0;
}

/* chdir and sys.path: what is imported lies there. */
static int enter_folder(const char *folder, struct err *err)
{
	if (chdir(folder) < 0)
		return err_set(err, "can't chdir to '%s': %s", folder, strerror(errno));
	return interp_path_insert(folder, err);
}

/* The entries end up in reverse order, as gunicorn has them. */
static int apply_pythonpath(const char *list, struct err *err)
{
	char *copy = strdup(list), *next = copy, *name, folder[PATH_MAX], *path;
	int rc = 0;

	if (!copy)
		return err_set(err, "Out of memory");
	if (!getcwd(folder, sizeof(folder)))
		rc = err_set(err, "Cannot find the current folder: %s", strerror(errno));
	while (rc == 0 && (name = strsep(&next, ","))) {
		bool absolute = name[0] == '/';

		if (asprintf(&path, "%s%s%s", absolute ? "" : folder, absolute || !*name ? "" : "/",
			     name) < 0) {
			rc = err_set(err, "Out of memory");
			break;
		}
		rc = interp_path_insert(path, err);
		free(path);
	}
	free(copy);
	return rc;
}

/* The last word on what cannot wait for the configuration file; NULL: none. */
static const char *said(const struct launch *l, const struct variables *v, const char *name)
{
	const char *value = cli_value(&l->line, name);

	if (!value)
		value = cli_value(&v->own, name);
	return value ? value : cli_value(&v->gunicorns, name);
}

static int apply_all(const struct launch *l, const struct variables *v, struct settings *s,
		     struct err *err)
{
	const char *paste = cli_value(&l->line, "paste");

	if (paste && !*paste)
		paste = NULL;
	/* The file may import it, and on a reload it is to find what it found at start. */
	if (gunicorn_use_installed(said(l, v, "use_installed_gunicorn") != NULL, err) < 0)
		return -1;
	if (conf_file_load(s, said(l, v, "config"), paste, l->reloading, err) < 0 ||
	    cli_apply(&v->gunicorns, s, ORIGIN_ENV_ARGS, err) < 0 ||
	    cli_apply(&v->own, s, ORIGIN_OWN_ENV_ARGS, err) < 0 ||
	    cli_apply(&l->line, s, ORIGIN_COMMAND_LINE, err) < 0)
		return -1;
	/* From elsewhere it is the application only if no other one is named. */
	if (!paste && !settings_app(s))
		paste = s->paste;
	return paste ? conf_paste(s, paste, err) : 0;
}

/* What can only be judged when all is known. */
static int complete(struct settings *s, struct err *err)
{
	if (enter_folder(s->chdir, err) < 0)
		return -1;
	if (s->pythonpath && apply_pythonpath(s->pythonpath, err) < 0)
		return -1;
	if (gunicorn_use_installed(s->use_installed_gunicorn, err) < 0)
		return -1;
	if (!settings_app(s))
		return err_set(err, "No application module specified.");
	if (settings_check(s, err) < 0)
		return -1;
	return conf_complete(s, err);
}

/* Reads everything anew, from the defaults to the command line. */
static int read_settings(void *data, struct settings *s, struct err *err)
{
	struct launch *l = data;
	struct variables v = {0};
	int rc;

	/* The defaults are not the server's own variables. */
	if (conf_environ_reset(err) < 0 || settings_init(s, err) < 0)
		return -1;
	rc = enter_folder(exec_folder(), err);
	if (rc == 0)
		rc = read_variable(l, &v.gunicorns, "GUNICORN_CMD_ARGS", err);
	if (rc == 0)
		rc = read_variable(l, &v.own, "UCORN_CMD_ARGS", err);
	if (rc == 0 && (l->action == CLI_RUN || l->reloading)) {
		rc = apply_all(l, &v, s, err);
		if (rc == 0)
			rc = complete(s, err);
	}
	cli_release(&v.gunicorns);
	cli_release(&v.own);
	if (rc < 0)
		settings_release(s);
	return rc;
}

/* Nothing is left to say if err has no text. */
static int usage_error(const struct err *err)
{
	if (err->text[0] && err->exit_code == 2) {
		cli_print_usage(stderr);
		fprintf(stderr, NAME_PROGRAM ": error: %s\n", err->text);
	} else if (err->text[0]) {
		fprintf(stderr, "\nError: %s\n", err->text);
	}
	return err->exit_code;
}

/* --check-config, --print-config, --explain-config; gives the exit code. */
static int inspect(const struct launch *l, const struct settings *s)
{
	struct err err;

	if ((l->explain || s->print_config) && conf_print(s, l->explain) < 0)
		return 1;
	if (!s->check_config && !s->print_config)
		return 0;
	if (conf_environ_set(s, &err) < 0)
		return usage_error(&err);
	return conf_check_application(s);
}

static int inform(enum cli_action action)
{
	if (action == CLI_HELP)
		cli_print_help(stdout);
	else if (action == CLI_DUMP)
		cli_dump_settings(stdout);
	else
		printf(NAME_PROGRAM " (version %s)\n", UCORN_VERSION);
	return 0;
}

/* With the interpreter started; gives the exit code. */
static int run(struct launch *l)
{
	struct settings s;
	struct err err = {0};
	int code;

	if (read_settings(l, &s, &err) < 0)
		return usage_error(&err);
	if (l->action == CLI_RUN && !l->explain && !s.check_config && !s.print_config) {
		l->reloading = true;
		return master_run(&s, &l->heritage, read_settings, l);
	}
	code = l->action == CLI_RUN ? inspect(l, &s) : inform(l->action);
	settings_release(&s);
	return code;
}

/* The command line is read; gives the exit code. */
static int launch(struct launch *l, int argc, char **argv)
{
	struct err err = {0};

	l->explain = l->line.explain;
	if (l->line.action != CLI_RUN)
		return inform(l->line.action);
	if (reexec_as_python(argv, &err) < 0 || heritage_take(&l->heritage, argv, &err) < 0 ||
	    interp_start(argc, argv, &err) < 0)
		return usage_error(&err);
	return interp_end(run(l));
}

int main(int argc, char **argv)
{
	struct launch l = {0};
	struct err err = {0};
	int code;

	fd_open_standard();
	argv = title_init(argc, argv);
	if (cli_read(&l.line, argc, argv, &err) < 0)
		code = usage_error(&err);
	else
		code = launch(&l, argc, argv);
	cli_release(&l.line);
	heritage_release(&l.heritage);
	return code;
}
