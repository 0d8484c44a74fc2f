/* Rows of the settings table, which settings_table.c is about.
 *
 * Debugging and the mechanics of the processes. */
#include <stdio.h>
#include <unistd.h>

#include "rows.h"
#include "ucorn/util/exec.h"

static const struct setting_choice engines[] = {
	{"auto", "auto"}, {"poll", "poll"}, {"inotify", "inotify"}, {NULL, NULL}};

static const char *current_user(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u", geteuid());
	return text;
}

static const char *current_group(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u", getegid());
	return text;
}

static const struct setting rows[] = {
	{
		FIELD(reload),
		.flags = {"--reload"},
		.default_text = "false",
		.section = SECTION_DEBUGGING,
		.description = "Replace the workers when a file of the application changes. For "
			       "development: not together with --preload.",
	},
	{
		STRING_FIELD(reload_engine, setting_choice),
		.flags = {"--reload-engine"},
		.metavar = "STRING",
		.default_text = "auto",
		.choices = engines,
		.refusal = "Invalid reload_engine: '",
		.section = SECTION_DEBUGGING,
		.description = "How --reload finds out about changes: inotify, poll, or the better "
			       "one that there is (auto).",
	},
	{
		LIST_FIELD(reload_extra_files, setting_files),
		.flags = {"--reload-extra-file"},
		.metavar = "FILES",
		.section = SECTION_DEBUGGING,
		.description = "A further file, or a pattern such as templates/**/*.html, for "
			       "--reload to watch. Give the option again for each.",
	},
	{
		FIELD(spew),
		.flags = {"--spew"},
		.default_text = "false",
		.section = SECTION_DEBUGGING,
		.description =
			"Print every line of Python that is run. Slow, and for debugging only.",
	},
	{
		FIELD(check_config),
		.flags = {"--check-config"},
		.default_text = "false",
		.section = SECTION_DEBUGGING,
		.description = "Read the settings, import the application, and exit with 0 if all "
			       "is well, else with 1.",
	},
	{
		FIELD(print_config),
		.flags = {"--print-config"},
		.default_text = "false",
		.section = SECTION_DEBUGGING,
		.description = "Print all settings, then do as --check-config.",
	},
	{
		FIELD(preload_app),
		.flags = {"--preload"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Import the application once, in the master, before the workers are "
			       "forked: they start faster and share its memory, but a reload does "
			       "not bring in new code.",
	},
	{
		FIELD(use_installed_gunicorn),
		.own = true,
		.flags = {"--use-installed-gunicorn"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Let `import gunicorn` find the installed package, for classes that "
			       "need its inner workings, and not the part of it that ucorn stands "
			       "in for. Worker classes that inherit from the installed ones run as "
			       "a whole on them.",
	},
	{
		FIELD(sendfile),
		.flags = {"--no-sendfile"},
		.flag_text = "false",
		.env = "SENDFILE",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Do not send files with sendfile(2). The variable says yes with y, "
			       "yes, true or 1, and no with anything else.",
	},
	{
		FIELD(reuse_port),
		.flags = {"--reuse-port"},
		.default_text = "false",
		.needs_restart = true,
		.section = SECTION_SERVER_MECHANICS,
		.description = "Let each worker open TCP sockets of its own (SO_REUSEPORT). The "
			       "kernel then shares connections out to all workers alike, also to "
			       "a busy one; those that still wait for a worker when it leaves may "
			       "be reset, unless the sysctl net.ipv4.tcp_migrate_req is 1.",
	},
	{
		FIELD(defer_accept),
		.own = true,
		.flags = {"--no-defer-accept"},
		.flag_text = "false",
		.default_text = "true",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"False: accept TCP connections at once. True: the kernel keeps one to "
			"itself until its first bytes have come, or for a second "
			"(TCP_DEFER_ACCEPT), which saves a quarter of the cost of a connection "
			"that is made for one request. Not done for unix sockets, where a socket "
			"was passed as fd://N, with reuse_port, and with worker classes of your "
			"own.",
	},
	{
		STRING_FIELD(chdir, setting_folder),
		.flags = {"--chdir"},
		.metavar = "CHDIR",
		.default_now = exec_folder,
		.section = SECTION_SERVER_MECHANICS,
		.description = "Change to this folder before the application is imported; without "
			       "it, the server stays in the folder it was started in.",
	},
	{
		FIELD(daemon),
		.flags = {"-D", "--daemon"},
		.default_text = "false",
		.needs_restart = true,
		.section = SECTION_SERVER_MECHANICS,
		.description = "Go on in the background, detached from the terminal.",
	},
	{
		FIELD(raw_env),
		.flags = {"-e", "--env"},
		.metavar = "ENV",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Set an environment variable for the application, NAME=VALUE. Give "
			       "the option again for each further variable.",
	},
	{
		FIELD(pidfile),
		.flags = {"-p", "--pid"},
		.metavar = "FILE",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Write the master's process id to this file.",
	},
	{
		FIELD(worker_tmp_dir),
		.flags = {"--worker-tmp-dir"},
		.metavar = "DIR",
		.status = SETTING_WITHOUT_EFFECT,
		.note = "workers show that they live in shared memory, no file is needed.",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Taken for compatibility: workers show that they live in shared "
			       "memory, not in a file.",
	},
	{
		NUMBER_FIELD(user, setting_user),
		.flags = {"-u", "--user"},
		.metavar = "USER",
		.default_now = current_user,
		.section = SECTION_SERVER_MECHANICS,
		.description = "The user, by name or number, that workers run as; without it, the "
			       "one that started the server.",
	},
	{
		NUMBER_FIELD(group, setting_group),
		.flags = {"-g", "--group"},
		.metavar = "GROUP",
		.default_now = current_group,
		.section = SECTION_SERVER_MECHANICS,
		.description = "The group, by name or number, that workers run as; without it, "
			       "that of who started the server.",
	},
	{
		NUMBER_FIELD(umask, setting_mode),
		.flags = {"-m", "--umask"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_SERVER_MECHANICS,
		.description = "The mode bits that the files of unix sockets do not get, such as "
			       "022, 0o22 or 0x12.",
	},
	{
		FIELD(initgroups),
		.flags = {"--initgroups"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Give workers the other groups of --user, too.",
	},
	{
		FIELD(tmp_upload_dir),
		.flags = {"--tmp-upload-dir"},
		.metavar = "DIR",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"The folder for long request bodies on their way to the application; "
			"their files have no name. Without it, TMPDIR or /tmp. The flag is "
			"not gunicorn's.",
	},
	{
		FIELD(tmp_upload_limit),
		.own = true,
		.flags = {"--tmp-upload-limit"},
		.metavar = "SIZE",
		.default_text = "1g",
		.section = SECTION_SERVER_MECHANICS,
		.description = "How much may lie in --tmp-upload-dir for all workers together; 0 "
			       "means any amount.",
	},
	{
		STRING_FIELD(secure_scheme_headers, setting_pairs),
		.metavar = "NAME=VALUE",
		.default_text =
			"X-FORWARDED-PROTOCOL=ssl,X-FORWARDED-PROTO=https,X-FORWARDED-SSL=on",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Header fields, and the value by which a trusted proxy says that its "
			"client used https.",
	},
	{
		STRING_FIELD(forwarded_allow_ips, setting_addresses),
		.flags = {"--forwarded-allow-ips"},
		.metavar = "STRING",
		.default_text = "127.0.0.1,::1",
		.env = "FORWARDED_ALLOW_IPS",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Proxies that are believed when they say that a client used https "
			       "(X-Forwarded-Proto) or where the application is mounted "
			       "(SCRIPT_NAME): addresses and networks, separated by commas, or *. "
			       "Peers on unix sockets always are.",
	},
};

const struct setting_rows rows_mechanics = {rows, ARRAY_LEN(rows)};
