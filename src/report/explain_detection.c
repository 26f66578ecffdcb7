/* SPDX-License-Identifier: MIT */
#include "explainparts.h"
#include "plain.h"

#include <inttypes.h>

enum { LEFT = 38, COLUMN = 10, WORST = 20 };

static uint64_t late(uint64_t ms)
{
	return ms * (100 + DETECTION_JITTER_PERCENT) / 100;
}

static void add_row(struct text *out, const char *what, const struct detection_span *s)
{
	text_addf(out, "  %-*s", LEFT, what);
	explain_add_ms(out, s->best_ms, COLUMN);
	explain_add_ms(out, s->typical_ms, COLUMN);
	explain_add_ms(out, s->worst_ms, COLUMN);
	text_addc(out, '\n');
}

static void add_time(struct text *out, const char *key, uint64_t ms, bool written,
                     const char *meaning)
{
	char buf[DETECTION_TEXT_MAX];

	text_addf(out, "  %-10s %-6s %s%s\n", key, detection_format(ms, buf), meaning,
	          written ? "" : " (not written: inter)");
}

static void add_settings(const struct explain_check *c, struct text *out)
{
	const struct settings_check *check = &c->target->check;
	const struct detection *d = &c->d;

	add_time(out, "inter", d->inter_ms, true,
	         "from the end of a check to the next one, +/- 10 %");
	add_time(out, "timeout", d->timeout_ms, check->timeout_ms,
	         "then a check without an answer ends");
	add_time(out, "fastinter", d->fast_ms, check->fastinter_ms,
	         "as inter, while answers change");
	add_time(out, "downinter", d->down_ms, check->downinter_ms, "as inter, while it is down");
	text_addf(out,
	          "  %-10s %-6" PRIu32 " bad answers in a row until it is down\n"
	          "  %-10s %-6" PRIu32 " good answers in a row until it is up again\n",
	          "fall", d->fall, "rise", d->rise);
}

/* "2.2s (inter + 10 %) + 2 x 2.2s (fastinter + 10 %)" and what the answers take. */
static void add_sum(struct text *out, const struct detection *d, uint32_t answers, bool slow,
                    uint64_t worst_ms)
{
	explain_add_ms(out, late(d->inter_ms), 0);
	text_addf(out, " (inter + %d %%)", DETECTION_JITTER_PERCENT);
	if (answers > 1) {
		text_addf(out, " + %" PRIu32 " x ", answers - 1);
		explain_add_ms(out, late(d->fast_ms), 0);
		text_addf(out, " (fastinter + %d %%)", DETECTION_JITTER_PERCENT);
	}
	if (slow) {
		text_add(out, " + ");
		if (answers > 1)
			text_addf(out, "%" PRIu32 " x ", answers);
		explain_add_ms(out, d->timeout_ms, 0);
		text_add(out, " (timeout)");
	}
	text_add(out, " = ");
	explain_add_ms(out, worst_ms, 0);
}

static void add_worst(struct text *out, const char *when, const struct detection *d,
                      uint32_t answers, bool slow, uint64_t worst_ms)
{
	AUTO_TEXT sum = { 0 };

	add_sum(&sum, d, answers, slow, worst_ms);
	text_addf(out, "  worst, %-*s", WORST - 9, when);
	plain_add_folded(out, text_str(&sum), WORST, EXPLAIN_WIDTH, WORST);
	text_addc(out, '\n');
}

static void add_sums(const struct detection *d, struct text *out)
{
	if (d->sees_drain)
		add_worst(out, "draining:", d, d->drain_answers, true, d->drain.worst_ms);
	add_worst(out, "refusing:", d, d->fall, false, d->refused.worst_ms);
	add_worst(out, "silent:", d, d->fall, true, d->silent.worst_ms);
}

static void add_limits(const struct explain_check *c, struct text *out)
{
	const struct detection *d = &c->d;

	if (!d->sees_drain)
		explain_add_words(
		    out, 2,
		    "Whether a CockroachDB node drains is not asked for (type http, "
		    "path /health?ready=1): this check finds it only when its process "
		    "has ended.");
	else if (d->drain_answers > 1)
		explain_add_words(out, 2,
		                  "drain_status has no 503: a node that drains is treated as one "
		                  "that fails, after fall answers.");
	if (!d->sees_hang)
		explain_add_words(out, 2,
		                  "A process that is frozen still takes connections, as the kernel "
		                  "does it: this check never finds that.");
	explain_add_words(
	    out, 2,
	    "Clients make it faster: one that is refused, or finds silence, goes to another server "
	    "and has this one checked at once; a check that finds the same takes it down alone.");
}

static void add_check(const struct explain_check *c, struct text *out)
{
	const struct detection *d = &c->d;

	explain_add_targets(c, out);
	text_add(out, ": ");
	explain_add_check(c, out);
	text_addc(out, '\n');
	if (!d->checked) {
		explain_add_words(out, 2,
		                  "It counts as usable whatever happens to it; only what clients "
		                  "meet tells, and each of them tries it first.");
		return;
	}
	add_settings(c, out);
	text_addf(out, "\n  %-*s%*s%*s%*s\n", LEFT, "from the moment that it ...", COLUMN, "best",
	          COLUMN, "typical", COLUMN, "worst");
	if (d->sees_drain)
		add_row(out, "drains, until it gets no new sessions", &d->drain);
	add_row(out, "refuses connections, until it is down", &d->refused);
	add_row(out, "is silent, until it is down", &d->silent);
	add_row(out, "is well again, until it is up", &d->back);
	text_addc(out, '\n');
	add_sums(d, out);
	text_addc(out, '\n');
	add_limits(c, out);
}

void explain_detection(const struct settings *s, struct text *out)
{
	struct explain_check c;
	size_t at = 0;
	size_t start = out->len;

	while (explain_next_check(s, NULL, &at, &c)) {
		if (out->len > start)
			text_addc(out, '\n');
		add_check(&c, out);
	}
}
