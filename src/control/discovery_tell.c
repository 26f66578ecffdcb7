/* SPDX-License-Identifier: MIT */
/*
 * What discovery has to say: in the journal, and in the status.
 */
#include "base/log.h"
#include "base/tick.h"
#include "discoveryparts.h"
#include "supervising.h"

#include <stdio.h>
#include <string.h>

void discovery_trouble(struct discovery *d, enum discovery_kind kind, const char *what,
                       const struct error *err)
{
	d->failures++;
	/* One that answers oddly says more than one that is away. */
	if (kind <= d->trouble.kind)
		return;
	d->trouble = (struct discovery_trouble){ kind, *err, "", false };
	snprintf(d->trouble.name, sizeof(d->trouble.name), "%s", d->places.name);
	error_wrap(&d->trouble.why, "%s", what);
}

/* Takes " (the cure)" off the end: an event is too short for it. */
static void cut_hint(char *text)
{
	size_t at = strlen(text);
	unsigned int depth = 0;

	if (!at || text[at - 1] != ')')
		return;
	while (at--) {
		depth += text[at] == ')';
		depth -= text[at] == '(';
		if (!depth)
			break;
	}
	if (!depth && at && text[at - 1] == ' ')
		text[at - 1] = '\0';
}

/* The cure in the words of the file. */
static void explain_denied(struct discovery_trouble *t)
{
	cut_hint(t->why.text);
	error_hint(&t->why, t->had_session
	                        ? "the session has expired or is not the cluster's: get another by "
	                          "cockroach auth-session login USER --only-cookie, and write it "
	                          "as cluster.discover.session"
	                        : "get a session by cockroach auth-session login USER "
	                          "--only-cookie, and write it as cluster.discover.session");
}

/* The place is too short for all that such an error says. */
static void say_denied(const struct discovery *d)
{
	roster_say(
	    d->s->daemon.roster, LOG_LEVEL_WARN,
	    d->told.had_session
	        ? "discovery: the session has expired or is not the cluster's: get another "
	          "by cockroach auth-session login (%s)"
	        : "discovery: the cluster wants a session: get one by cockroach auth-session "
	          "login, write it as session (%s)",
	    d->told.name);
}

static void say_trouble(const struct discovery *d)
{
	struct error why = d->told.why;

	cut_hint(why.text);
	roster_say(d->s->daemon.roster, LOG_LEVEL_WARN, "discovery: %s", why.text);
}

void discovery_tell_trouble(struct discovery *d)
{
	struct discovery_trouble *now = &d->trouble;
	bool is_answer =
	    now->kind == DISCOVERY_DENIED && strstr(now->why.text, "the answer is") != NULL;
	bool is_new;

	now->had_session = d->s->settings->discover->session;
	is_new =
	    now->kind != d->told.kind || (is_answer && now->had_session != d->told.had_session);
	if (is_answer)
		explain_denied(now);
	else if (now->kind == DISCOVERY_SILENT && d->told_ms)
		cut_hint(now->why.text); /* the addresses are right */
	d->told = *now;
	if (!is_new)
		return;
	if (is_answer)
		say_denied(d);
	else
		say_trouble(d);
}

void discovery_tell_well(struct discovery *d)
{
	if (d->told.kind == DISCOVERY_WELL)
		return;
	d->told.kind = DISCOVERY_WELL;
	roster_say(d->s->daemon.roster, LOG_LEVEL_NOTICE,
	           "discovery: the cluster answers again (%s)", d->places.name);
}

void discovery_forget(struct discovery *d)
{
	d->told.kind = DISCOVERY_WELL;
	d->told_ms = d->told_wall_ms = 0;
	d->from[0] = '\0';
}

void discovery_report(void *ctx, struct snapshot_discovery *ret)
{
	const struct discovery *d = ctx;
	const struct settings *s = d->s->settings;
	int64_t age_ms = -1000;

	if (d->told_ms)
		age_ms = tick_ms() - d->told_ms;
	else if (s->found_wall_ms)
		age_ms = tick_wall_ms() - s->found_wall_ms;
	*ret = (struct snapshot_discovery){
		.on = s->discover != NULL,
		.known = s->found.count,
		.joined = s->joined.count,
		.elsewhere = s->elsewhere,
		.from = d->from[0] ? d->from : NULL,
		.last_s = age_ms / 1000,
		.failures = d->failures,
		.error = d->told.kind == DISCOVERY_WELL ? NULL : d->told.why.text,
	};
}
