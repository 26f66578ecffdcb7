/* SPDX-License-Identifier: MIT */
#include "cli/statecmd.h"

#include "base/number.h"
#include "base/tick.h"
#include "cli/client.h"
#include "cli/meant.h"
#include "cli/options.h"
#include "report/statusjson.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

enum { ASK_AGAIN_MS = 200 };

/* One run of the command. */
struct order {
	const struct console *console;
	enum commands_id id;
	const char *path;   /* of the control socket */
	const char *server; /* as the person wrote it */
	bool wait;
	uint64_t wait_ms;
	uint64_t deadline_ms; /* of a drain; 0: none */
};

/* What is known about the servers that were meant. */
struct outlook {
	size_t servers;
	size_t not_usable;
	int64_t sessions; /* those of predecessors included */
	bool untold;      /* a predecessor may have more */
	char why[256];    /* the first that is not usable, and why */
};

static struct statusjson *ask_status(const char *path, struct error *err)
{
	AUTO_TEXT answer = { 0 };
	struct statusjson *status;

	if (!client_ask_json(path, "show status json", &answer, err))
		return NULL;
	status = statusjson_read(text_str(&answer), err);
	if (status == NULL)
		error_wrap(err, "the daemon's answer is not understood");
	return status;
}

static struct outlook look_at(const struct statusjson *status, const char *written)
{
	struct outlook o = { 0 };

	for (size_t i = 0; i < status->predecessor_count; i++)
		if (!status->predecessors[i].known)
			o.untold = true;
	for (size_t i = 0; i < status->service_count; i++) {
		const struct statusjson_service *service = &status->services[i];

		for (size_t k = 0; k < service->server_count; k++) {
			const struct statusjson_server *server = &service->servers[k];

			if (!meant_is(written, service, server))
				continue;
			o.servers++;
			o.sessions += server->sessions + server->sessions_before;
			if (!server->usable && o.not_usable++ == 0)
				snprintf(o.why, sizeof(o.why), "%s/%s is %s%s%s", service->name,
				         server->name, server->state,
				         *server->cause != '\0' ? ": " : "", server->cause);
		}
	}
	return o;
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static bool give_order(const struct order *o, const struct statusjson_service *service,
                       const struct statusjson_server *server, struct error *err)
{
	AUTO_TEXT command = { 0 };

	if (o->deadline_ms)
		text_addf(&command, "drain %s/%s deadline %" PRIu64 "ms", service->name,
		          server->name, o->deadline_ms);
	else
		text_addf(&command, "set server %s/%s state %s", service->name, server->name,
		          commands_get(o->id)->name);
	return client_order(o->path, text_str(&command), err) ||
	       error_wrap(err, "%s/%s", service->name, server->name);
}

static bool give_orders(const struct order *o, const struct statusjson *status, struct error *err)
{
	for (size_t i = 0; i < status->service_count; i++) {
		const struct statusjson_service *service = &status->services[i];

		for (size_t k = 0; k < service->server_count; k++)
			if (meant_is(o->server, service, &service->servers[k]) &&
			    !give_order(o, service, &service->servers[k], err))
				return false;
	}
	return true;
}

static void show_server(FILE *out, const struct statusjson_service *service,
                        const struct statusjson_server *server)
{
	int64_t sessions = server->sessions + server->sessions_before;

	fprintf(out, "%s/%s: %s, %" PRId64 " session%s", service->name, server->name, server->state,
	        sessions, plural(sessions));
	if (server->sessions_before)
		fprintf(out, ", %" PRId64 " of them from before an upgrade",
		        server->sessions_before);
	fputc('\n', out);
}

/* A line for each server, with its state after the order. */
static void show_servers(const struct order *o, const struct statusjson *status)
{
	for (size_t i = 0; i < status->service_count; i++) {
		const struct statusjson_service *service = &status->services[i];

		for (size_t k = 0; k < service->server_count; k++) {
			const struct statusjson_server *server = &service->servers[k];

			if (meant_is(o->server, service, server))
				show_server(o->console->out, service, server);
		}
	}
}

/* A service that the order has left without a usable server. */
static void warn(const struct order *o, const struct statusjson *status)
{
	for (size_t i = 0; i < status->service_count && o->id != COMMANDS_READY; i++) {
		const struct statusjson_service *service = &status->services[i];
		bool meant = false, usable = false;

		for (size_t k = 0; k < service->server_count; k++) {
			meant = meant || meant_is(o->server, service, &service->servers[k]);
			usable = usable || service->servers[k].usable;
		}
		if (meant && !usable)
			fprintf(o->console->err,
			        "warning: %s has no usable server left: `sluice ready %s` brings "
			        "this one back\n",
			        service->name, o->server);
	}
}

static bool is_done(const struct order *o, const struct outlook *now)
{
	if (o->id == COMMANDS_READY)
		return now->not_usable == 0;
	return now->sessions == 0 && !now->untold;
}

/* What it waits for, over the line before on a terminal, else only once. */
static void show_progress(const struct order *o, const struct outlook *now, bool first)
{
	FILE *err = o->console->err;
	char limit[32];

	/* A predecessor that is still to tell of none does so at once. */
	if ((!first && !o->console->live) || (o->id != COMMANDS_READY && !now->sessions))
		return;
	number_format_duration(o->wait_ms, limit, sizeof(limit));
	fputs(o->console->live && !first ? "\r\033[K" : "", err);
	if (o->id == COMMANDS_READY)
		fprintf(err, "waiting up to %s until it takes sessions", limit);
	else
		fprintf(err, "waiting up to %s for %" PRId64 " session%s to end", limit,
		        now->sessions, plural(now->sessions));
	fputs(o->console->live ? "" : "\n", err);
	fflush(err);
}

static bool give_up(const struct order *o, const struct outlook *now, struct error *err)
{
	char limit[32];

	number_format_duration(o->wait_ms, limit, sizeof(limit));
	if (o->id == COMMANDS_READY)
		return error_set(err, "after %s, %s", limit, now->why);
	if (now->sessions == 0)
		return error_set(err,
		                 "after %s, a process from before an upgrade has not told what "
		                 "it still has there; `sluice status` shows it",
		                 limit);
	return error_set(err, "after %s, %" PRId64 " session%s still there", limit, now->sessions,
	                 now->sessions == 1 ? " is" : "s are");
}

/* Asks again and again until it is done; false on time-out or when there is no answer. */
static bool wait_for_it(const struct order *o, struct outlook now, struct error *err)
{
	int64_t start = tick_ms();

	for (bool first = true; !is_done(o, &now); first = false) {
		struct statusjson *status;
		int64_t left = (int64_t)o->wait_ms - (tick_ms() - start);

		show_progress(o, &now, first);
		if (left <= 0)
			return give_up(o, &now, err);
		poll(NULL, 0, left < ASK_AGAIN_MS ? (int)left : ASK_AGAIN_MS);
		status = ask_status(o->path, err);
		if (status == NULL)
			return false;
		now = look_at(status, o->server);
		statusjson_free(status);
		if (now.servers == 0)
			return error_set(err, "%s is not configured any more", o->server);
	}
	return true;
}

/* "0.3s", "12.0s", "4m12s" */
static void format_took(int64_t ms, char *buf, size_t size)
{
	if (ms < 60000)
		snprintf(buf, size, "%" PRId64 ".%" PRId64 "s", ms / 1000, ms % 1000 / 100);
	else
		number_format_age((uint64_t)ms / 1000, buf, size);
}

static bool obey(const struct order *o, struct error *err)
{
	struct statusjson *status = ask_status(o->path, err);
	int64_t start = tick_ms();
	struct outlook now;
	char took[32];
	bool ok;

	if (status == NULL)
		return false;
	ok = look_at(status, o->server).servers > 0 ? give_orders(o, status, err)
	                                            : meant_none(status, o->server, false, err);
	statusjson_free(status);
	if (!ok)
		return false;
	status = ask_status(o->path, err);
	if (status == NULL)
		return false;
	show_servers(o, status);
	fflush(o->console->out);
	warn(o, status);
	now = look_at(status, o->server);
	statusjson_free(status);
	if (!o->wait)
		return true;
	ok = wait_for_it(o, now, err);
	fputs(o->console->live && !is_done(o, &now) ? "\r\033[K" : "", o->console->err);
	if (!ok)
		return false;
	format_took(tick_ms() - start, took, sizeof(took));
	fprintf(o->console->out, "%s: %s (%s)\n", o->server,
	        o->id == COMMANDS_READY ? "takes sessions" : "no session is left", took);
	return true;
}

static bool parse_times(struct order *o, const struct options *given, struct error *err)
{
	const char *wait = options_value(given, "wait");
	const char *deadline = o->id == COMMANDS_DRAIN ? options_value(given, "deadline") : NULL;

	o->wait = wait != NULL;
	if (wait != NULL && !options_duration("wait", wait, &o->wait_ms, err))
		return false;
	if (deadline == NULL)
		return true;
	if (!options_duration("deadline", deadline, &o->deadline_ms, err))
		return false;
	return o->deadline_ms > 0 ||
	       error_set(err, "--deadline \"%s\": `sluice kill` ends sessions at once", deadline);
}

int statecmd_main(const struct console *c, int argc, char **argv)
{
	const struct commands_entry *command = commands_find(argv[0]);
	struct order order = { .console = c, .id = command->id };
	struct options o;
	struct error err;

	if (!options_parse(&o, command->id, argc, argv, &err) || !parse_times(&order, &o, &err))
		return console_usage(c, command, &err);
	order.path = client_path(options_value(&o, "socket"));
	order.server = o.words[0];
	if (!obey(&order, &err))
		return console_fail(c, &err);
	return CONSOLE_OK;
}
