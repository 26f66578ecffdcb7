/* SPDX-License-Identifier: MIT */
#include "explainparts.h"

#include <inttypes.h>

enum { MARGIN_S = 1 };

/* What happens to the sessions of a target's servers, once they are down. */
struct fate {
	bool cut;
	uint32_t grace_ms; /* the shortest */
};

static struct fate fate_of(const struct settings *s, const struct settings_target *t)
{
	struct fate f = { .grace_ms = UINT32_MAX };

	for (size_t i = 0; i < s->service_count; i++)
		for (size_t k = 0; k < s->services[i].server_count; k++) {
			const struct settings_server *server = &s->services[i].servers[k];

			if (&s->targets[server->node] != t || !server->shutdown_on_down)
				continue;
			f.cut = true;
			if (server->down_grace_ms < f.grace_ms)
				f.grace_ms = server->down_grace_ms;
		}
	return f;
}

/* Who is not seen to drain is told of without it. */
static bool ends_alike(const struct settings *s, const struct settings_target *a,
                       const struct settings_target *b)
{
	struct fate x, y;

	if (!detection_of(&a->check).sees_drain)
		return true;
	x = fate_of(s, a);
	y = fate_of(s, b);
	return x.cut == y.cut && x.grace_ms == y.grace_ms;
}

static void add_heading(struct text *out, unsigned int number, const char *setting,
                        const char *what)
{
	text_addf(out, "\n  %u  %s\n", number, setting);
	explain_add_words(out, 5, "The node: %s", what);
}

static void add_verdict(const struct detection *d, const struct explain_facts *facts,
                        struct text *out)
{
	uint64_t have = facts->initial_wait_given ? facts->initial_wait_ms : 0;
	uint64_t worst = d->drain.worst_ms;
	char a[DETECTION_TEXT_MAX];
	char b[DETECTION_TEXT_MAX];

	if (have >= worst) {
		explain_add_words(out, 5,
		                  "It is %s: long enough by %s, no client is sent to a node that "
		                  "refuses it.",
		                  detection_format(have, a), detection_format(have - worst, b));
		return;
	}
	explain_add_words(
	    out, 5,
	    "It is %s%s: too short. For up to %s clients are still sent to a node that "
	    "refuses them with 57P01: those without TLS go on to another node unseen, the others "
	    "see "
	    "it. Run in SQL:",
	    detection_format(have, a),
	    facts->initial_wait_given ? ""
	                              : " by default (tell with --initial-wait what "
	                                "your cluster has)",
	    detection_format(worst - have, b));
	text_addf(out,
	          "       SET CLUSTER SETTING server.shutdown.initial_wait = '%" PRIu64 "s';\n",
	          (worst + 999) / 1000 + MARGIN_S);
}

static void add_notice(const struct explain_check *c, const struct explain_facts *facts,
                       struct text *out)
{
	const struct detection *d = &c->d;
	char best[DETECTION_TEXT_MAX];
	char typical[DETECTION_TEXT_MAX];
	char worst[DETECTION_TEXT_MAX];

	add_heading(out, 1, "server.shutdown.initial_wait",
	            "/health?ready=1 answers 503; SQL clients are still taken.");
	explain_add_words(
	    out, 5,
	    "sluice: at the first %sof 503 no new sessions go to it: %s to %s after the "
	    "drain began, typically %s. Those that it has stay.",
	    d->drain_answers == 1 ? "answer " : "fall answers ",
	    detection_format(d->drain.best_ms, best), detection_format(d->drain.worst_ms, worst),
	    detection_format(d->drain.typical_ms, typical));
	add_verdict(d, facts, out);
}

static void add_cut(const struct fate *f, struct text *out)
{
	char grace[DETECTION_TEXT_MAX];

	detection_format(f->grace_ms, grace);
	if (f->grace_ms)
		explain_add_words(
		    out, 5, "Its sessions end %s after that (on_marked_down, down_grace).", grace);
	else
		explain_add_words(
		    out, 5,
		    "Its sessions are cut then (on_marked_down), although the node would "
		    "let them finish: down_grace gives them time.");
}

static void add_waits(const struct explain_check *c, struct text *out)
{
	struct fate f = fate_of(c->settings, c->target);
	char best[DETECTION_TEXT_MAX];
	char worst[DETECTION_TEXT_MAX];

	add_heading(out, 2, "server.shutdown.connections.timeout",
	            "new SQL clients get 57P01; sessions go on, until all have left or the time is "
	            "over.");
	explain_add_words(out, 5,
	                  "sluice: sends it nobody. After %" PRIu32
	                  " answers of 503, %s to %s after the drain began, it is shown as DOWN.%s",
	                  c->d.fall, detection_format(c->d.drain_down.best_ms, best),
	                  detection_format(c->d.drain_down.worst_ms, worst),
	                  f.cut ? "" : " Its sessions stay (on_marked_down is none).");
	if (f.cut)
		add_cut(&f, out);
}

static void add_end(const struct detection *d, struct text *out)
{
	char best[DETECTION_TEXT_MAX];
	char typical[DETECTION_TEXT_MAX];
	char worst[DETECTION_TEXT_MAX];

	add_heading(out, 3, "server.shutdown.transactions.timeout",
	            "idle sessions are closed, others after their transaction, with 57P01.");
	explain_add_words(out, 5,
	                  "sluice: passes it on. Clients connect again and get another node.");
	add_heading(out, 4, "the process ends", "leases have moved, connections are refused.");
	explain_add_words(out, 5, "sluice: it is DOWN, and is checked every downinter.");
	add_heading(out, 5, "it is back", "/health?ready=1 answers 200.");
	explain_add_words(
	    out, 5, "sluice: UP after %" PRIu32 " good answers, %s to %s later, typically %s.",
	    d->rise, detection_format(d->back.best_ms, best),
	    detection_format(d->back.worst_ms, worst),
	    detection_format(d->back.typical_ms, typical));
}

static void add_check(const struct explain_check *c, const struct explain_facts *facts,
                      struct text *out)
{
	explain_add_targets(c, out);
	text_add(out, ": ");
	explain_add_check(c, out);
	text_addc(out, '\n');
	if (!c->d.sees_drain) {
		explain_add_words(
		    out, 2,
		    "A drain is not seen: readiness is not asked for. The node gets new sessions "
		    "all "
		    "the time, also those that it refuses with 57P01, until its process has ended. "
		    "Write check = { type = \"http\"; path = \"/health?ready=1\"; }.");
		return;
	}
	add_notice(c, facts, out);
	add_waits(c, out);
	add_end(&c->d, out);
}

void explain_drain(const struct settings *s, const struct explain_facts *facts, struct text *out)
{
	struct explain_check c;
	size_t at = 0;
	size_t start = out->len;

	while (explain_next_check(s, ends_alike, &at, &c)) {
		if (out->len > start)
			text_addc(out, '\n');
		add_check(&c, facts, out);
	}
}
