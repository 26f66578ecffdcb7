/* SPDX-License-Identifier: MIT */
/*
 * `fault <bk>/<srv> <kind> [<amount>] [for <time>]`, also for a node's name in all services.
 */
#include "base/mem.h"
#include "base/number.h"
#include "call.h"
#include "control/faults.h"
#include "core/faultcheck.h"
#include "nearserver.h"

#include <stdlib.h>
#include <string.h>

struct wish {
	struct fault fault;
	uint64_t for_ms;
};

static bool parse_span(const struct call *c, size_t at, uint64_t *ret, struct error *err)
{
	const char *span = call_arg(c, at + 1);

	*ret = 0;
	if (at >= c->count)
		return true;
	if (strcmp(c->args[at], "for") != 0)
		return error_set(err, "\"%s\" is not understood: write \"for 30s\", or nothing",
		                 c->args[at]);
	if (c->count > at + 2)
		return error_set(err, "\"%s\" is too much", c->args[at + 2]);
	if (!span || strspn(span, "0123456789") == strlen(span) ||
	    !number_parse_duration(span, ret) || *ret == 0 || *ret > INT32_MAX)
		return error_set(err, "\"for %s\": write a duration with its unit, as for 30s",
		                 span ? span : "");
	return true;
}

static bool parse(const struct call *c, struct wish *ret, struct error *err)
{
	const char *kind = call_arg(c, 1);
	size_t at = 2;
	const char *amount = NULL;

	if (!kind)
		return error_set(err, "Usage: fault <bk>/<srv> <kind> [<amount>] [for <time>]");
	/* A missing amount is told of as such, not "for" as a bad one. */
	if (at < c->count && strcmp(c->args[at], "for") != 0)
		amount = c->args[at++];
	return fault_parse(kind, amount, &ret->fault, err) && parse_span(c, at, &ret->for_ms, err);
}

/* The servers that `name` means, "be/n1" or "n1" in each service; the caller frees the array. */
static struct topology_server **find(const struct topology *t, const char *name, size_t *ret_count)
{
	struct topology_server **list = NULL;
	struct topology_server *one = strchr(name, '/') ? topology_find_server(t, name) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (s != one && strcmp(s->settings->name, name) != 0)
				continue;
			list = mem_resize(list, n + 1, sizeof(struct topology_server *));
			list[n++] = s;
		}
	*ret_count = n;
	return list;
}

static void refuse_name(struct call *c, const char *name)
{
	AUTO_TEXT why = { 0 };

	nearserver_write(c->ctx->daemon->topology, name, &why);
	call_say(c, CALL_ERROR, "%s", text_str(&why));
}

static void put(struct call *c, struct topology_server *s, const struct wish *w)
{
	AUTO_TEXT words = { 0 };

	faults_put(c->ctx->daemon->faults, s, w->fault, w->for_ms);
	fault_describe(&w->fault, &words);
	text_addf(c->out, "%s/%s: %s", s->service->settings->name, s->settings->name,
	          w->fault.kind == FAULT_NONE ? "no fault" : text_str(&words));
	if (w->for_ms) {
		char span[32];

		number_format_duration(w->for_ms, span, sizeof(span));
		text_addf(c->out, " for %s", span);
	}
	text_addc(c->out, '\n');
}

/* The last line of a success is "done". */
void faultcalls_fault(struct call *c)
{
	struct topology_server **servers;
	struct wish w = { 0 };
	struct error err;
	size_t count;
	bool ok = parse(c, &w, &err);

	if (!ok) {
		call_say(c, CALL_ERROR, "%s", err.text);
		return;
	}
	servers = find(c->ctx->daemon->topology, c->args[0], &count);
	if (!count) {
		refuse_name(c, c->args[0]);
		return;
	}
	for (size_t i = 0; i < count; i++)
		ok = ok && faultcheck_makes_sense(servers[i], w.fault.kind, &err);
	for (size_t i = 0; i < count && ok; i++)
		put(c, servers[i], &w);
	if (ok)
		text_add(c->out, "done\n");
	else
		call_say(c, CALL_ERROR, "%s", err.text);
	free(servers);
}
