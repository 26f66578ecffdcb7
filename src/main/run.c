/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "cli/checkcmd.h"
#include "cli/conffile.h"
#include "cli/options.h"
#include "control/predecessor.h"
#include "control/recall.h"
#include "control/supervisor.h"

#include <ev.h>
#include <pthread.h>
#include <signal.h>

/* One that comes while the configuration is read waits until it can be obeyed. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

bool run_serve(struct settings *settings, const struct run_options *o, struct error *err)
{
	struct supervisor_options how = { .catch_signals = true,
		                          .heir = o->heir,
		                          .under_master = o->under_master,
		                          .predecessor = o->predecessor,
		                          .argv = o->argv };
	struct supervisor *supervisor;
	struct ev_loop *loop;

	block_signals(SIG_BLOCK);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!supervisor_start(loop, settings, &how, &supervisor, err)) {
		if (loop != NULL)
			ev_loop_destroy(loop);
		return false;
	}
	if (o->started)
		o->started(o->arg);
	block_signals(SIG_UNBLOCK);
	ev_run(loop, 0);
	supervisor_free(supervisor);
	ev_loop_destroy(loop);
	return true;
}

int run_main(const struct console *c, int argc, char **argv)
{
	struct run_options how = { .argv = argv - 1 };
	struct settings *settings;
	struct options o;
	const char *file;
	struct error err;

	block_signals(SIG_BLOCK);
	how.predecessor = predecessor_find();
	if (!options_parse(&o, COMMANDS_RUN, argc, argv, &err)) {
		predecessor_refuse(how.predecessor, err.text);
		return console_usage(c, commands_get(COMMANDS_RUN), &err);
	}
	file = conffile_path(c, &o);
	settings = file != NULL ? checkcmd_load(c, file) : NULL;
	if (settings == NULL) {
		predecessor_refuse(how.predecessor,
		                   "the configuration is not valid (`sluice check` says where)");
		return CONSOLE_INVALID;
	}
	settings = recall_nodes(settings, how.predecessor);
	if (!run_serve(settings, &how, &err))
		return console_fail(c, &err);
	return CONSOLE_OK;
}
