/* SPDX-License-Identifier: MIT */
/*
 * What HAProxy shows of its own inside, for whoever debugs it: here with what there is of it.
 */
#include "base/tick.h"
#include "call.h"
#include "engine/listener.h"

#include <inttypes.h>
#include <string.h>

extern char **environ;

void internalcalls_activity(struct call *c)
{
	const struct daemon *d = c->ctx->daemon;
	uint32_t threads = crew_threads(d->crew);
	int64_t now = tick_wall_ms();

	text_addf(c->out, "thread_id: 1 (1..%u)\ndate_now: %" PRId64 ".%06d\n", threads, now / 1000,
	          (int)(now % 1000) * 1000);
	text_addf(c->out, "sessions: %u [", crew_connections(d->crew));
	for (uint32_t i = 0; i < threads; i++)
		text_addf(c->out, " %u", crew_load(d->crew, i));
	text_addf(c->out, " ]\naccepted: %" PRIu64 "\n", crew_accepted(d->crew));
}

void internalcalls_env(struct call *c)
{
	const char *name = call_arg(c, 0);
	size_t len = name ? strlen(name) : 0;

	for (char **e = environ; e && *e; e++) {
		if (name && (strncmp(*e, name, len) != 0 || (*e)[len] != '='))
			continue;
		text_addf(c->out, "%s\n", *e);
		if (name)
			return;
	}
	if (name)
		call_say(c, CALL_ERROR, "Variable not found");
}

void internalcalls_fd(struct call *c)
{
	const struct crew *crew = c->ctx->daemon->crew;
	const char *only = call_arg(c, 0);

	for (size_t i = 0; i < crew_listener_count(crew); i++) {
		const struct listener *l = crew_listener(crew, i);
		AUTO_TEXT number = { 0 };

		text_addf(&number, "%d", l->fd);
		if (only && strcmp(only, text_str(&number)) != 0)
			continue;
		text_addf(c->out, "%7d : st=0x000021(cl heopi W:sra R:srA) l.st=%s fe=%s addr=%s\n",
		          l->fd, atomic_load(&l->frontend->paused) ? "PAU" : "RDY",
		          l->frontend->settings->name, l->bind->text);
	}
}

void internalcalls_pools(struct call *c)
{
	text_add(c->out, "Dumping pools usage. Use SIGQUIT to flush them.\n"
	                 "Total: 0 pools, 0 bytes allocated, 0 used (~0 by thread caches).\n");
}

static void add_tasks(struct text *out)
{
	text_add(out,
	         "Tasks activity:\n"
	         "  function                      calls   cpu_tot   cpu_avg   lat_tot   lat_avg\n");
}

void internalcalls_profiling(struct call *c)
{
	const char *what = call_arg(c, 0) ? c->args[0] : "all";
	bool all = strcmp(what, "all") == 0 || strcmp(what, "byaddr") == 0 ||
	           strspn(what, "0123456789") == strlen(what);

	if (!all && strcmp(what, "status") != 0 && strcmp(what, "tasks") != 0 &&
	    strcmp(what, "memory") != 0) {
		call_say(c, CALL_ERROR,
		         "Expects either 'all', 'status', 'tasks', 'memory', 'byaddr' or a max "
		         "number of output lines.");
		return;
	}
	if (all || strcmp(what, "status") == 0)
		text_add(c->out, "Per-task CPU profiling              : off           # set "
		                 "profiling tasks {on|auto|off}\n"
		                 "Memory usage profiling              : off           # set "
		                 "profiling memory {on|off}\n");
	if (all || strcmp(what, "tasks") == 0)
		add_tasks(c->out);
}

/* One section, as HAProxy has one that nobody wrote. */
void internalcalls_resolvers(struct call *c)
{
	const struct settings_strings *n =
	    &c->ctx->daemon->topology->settings->resolver.nameservers;
	const char *only = call_arg(c, 0);

	if (only && strcmp(only, "default") != 0) {
		call_say(c, CALL_ERROR, "Can't find that resolvers section");
		return;
	}
	text_add(c->out, "Resolvers section default\n");
	for (size_t i = 0; i < n->count; i++)
		text_addf(c->out, " nameserver %s:\n", n->at[i]);
}

/* They went to standard error, and a process with any that matter has not started. */
void internalcalls_startup_logs(struct call *c)
{
	call_say(c, CALL_INFO, "%s", "");
}

void internalcalls_tasks(struct call *c)
{
	text_addf(c->out,
	          "Running tasks: 0 (%u threads)\n"
	          "  function                     places     %%    lat_tot   lat_avg\n",
	          crew_threads(c->ctx->daemon->crew));
}

void internalcalls_threads(struct call *c)
{
	const struct crew *crew = c->ctx->daemon->crew;

	for (uint32_t i = 0; i < crew_threads(crew); i++)
		text_addf(c->out, "%c Thread %u : act=%d sessions=%u\n", i ? ' ' : '*', i + 1,
		          crew_load(crew, i) > 0, crew_load(crew, i));
}
