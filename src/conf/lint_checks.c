/* SPDX-License-Identifier: MIT */
#include "core/detection.h"
#include "lintparts.h"

#include <inttypes.h>
#include <string.h>

enum {
	MARGIN_S = 1,           /* of initial_wait, after the last check has noticed */
	CHECKS_PER_SECOND = 20, /* at one node: more is worth a finding */
	GOOD_FAST_MS = 1000,    /* while inter is long */
	GRACE_MIN = 5           /* minutes, for sessions of a node that drains */
};

struct times {
	char inter[DETECTION_TEXT_MAX], late[DETECTION_TEXT_MAX], fast[DETECTION_TEXT_MAX],
	    timeout[DETECTION_TEXT_MAX], worst[DETECTION_TEXT_MAX];
};

static void format_times(const struct detection *d, uint64_t worst_ms, struct times *t)
{
	detection_format(d->inter_ms, t->inter);
	detection_format((uint64_t)d->inter_ms * (100 + DETECTION_JITTER_PERCENT) / 100, t->late);
	detection_format(d->fast_ms, t->fast);
	detection_format(d->timeout_ms, t->timeout);
	detection_format(worst_ms, t->worst);
}

static struct lintfile_place place(const struct lint_view *v, const char *key)
{
	return lintfile_check(v->file, v->service_index, v->server_index, key);
}

/* --- drains ------------------------------------------------------------------------------- */

/* "2.2s until the next check begins (inter 2s + 10 %), 2s until its answer (timeout)" */
static const char *arithmetic(const struct lint_view *v, const struct detection *d)
{
	struct times t;

	format_times(d, 0, &t);
	if (d->drain_answers == 1)
		return lint_print(v,
		                  "%s until the next check begins (inter %s + %d %%) and %s until "
		                  "its answer (timeout)",
		                  t.late, t.inter, DETECTION_JITTER_PERCENT, t.timeout);
	return lint_print(v,
	                  "%s until the next check begins (inter %s + %d %%), %" PRIu32
	                  " x (%s + %d %%) between the %" PRIu32 " bad ones that it takes, as "
	                  "drain_status has no 503, and %" PRIu32 " x %s until their answers "
	                  "(timeout)",
	                  t.late, t.inter, DETECTION_JITTER_PERCENT, d->drain_answers - 1, t.fast,
	                  DETECTION_JITTER_PERCENT, d->drain_answers, d->drain_answers, t.timeout);
}

static void look_at_initial_wait(const struct lint_view *v, const struct detection *d)
{
	uint64_t worst = d->drain.worst_ms;
	bool given = v->facts->initial_wait_given;
	char at_worst[DETECTION_TEXT_MAX];
	char have[DETECTION_TEXT_MAX];
	struct lint_finding f = { .rule = LINT_INITIAL_WAIT,
		                  .severity = given ? LINT_WARNING : LINT_NOTE,
		                  .place = place(v, "inter"),
		                  .cure_kind = LINT_SQL };

	if (!v->sql || !v->cockroach || !d->sees_drain ||
	    (given && v->facts->initial_wait_ms >= worst))
		return;
	f.cure = lint_print(v, "SET CLUSTER SETTING server.shutdown.initial_wait = '%" PRIu64 "s';",
	                    (worst + 999) / 1000 + MARGIN_S);
	lint_add(v, &f, v->target->name,
	         "the last check notices a drain up to %s after it began: %s; "
	         "server.shutdown.initial_wait is %s%s, and after it the node refuses SQL clients "
	         "that still come to it (57P01)",
	         detection_format(worst, at_worst), arithmetic(v, d),
	         detection_format(given ? v->facts->initial_wait_ms : 0, have),
	         given ? ""
	               : " by default (tell with --initial-wait what your cluster has, or let "
	                 "--from ask it)");
}

/* What a node does at the end of a polite drain is its own business until then. */
static void look_at_drain_cut(const struct lint_view *v, const struct detection *d)
{
	char first[DETECTION_TEXT_MAX];
	struct lint_finding f = { .rule = LINT_DRAIN_CUT,
		                  .severity = LINT_WARNING,
		                  .place = lintfile_server(v->file, v->service_index,
		                                           v->server_index, "on_marked_down"),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!v->server->shutdown_on_down || v->server->down_grace_ms || !d->sees_drain)
		return;
	f.cure = lint_print(v, "down_grace = \"%dm\";", GRACE_MIN);
	lint_add(
	    v, &f, v->target->name,
	    "on_marked_down ends all sessions after %" PRIu32
	    " answers of 503, as early as %s after a drain began, while the node would let them "
	    "finish",
	    d->fall, detection_format(d->drain_down.best_ms, first));
}

/* --- what a check asks -------------------------------------------------------------------- */

static bool is_blind(const struct settings_check *c, bool cockroach)
{
	if (c->steps.count)
		return false;
	switch (c->type) {
	case SETTINGS_CHECK_NONE:
		return true;
	case SETTINGS_CHECK_TCP:
		return cockroach || !c->tls;
	case SETTINGS_CHECK_SSL_HELLO:
	case SETTINGS_CHECK_PGSQL:
		return cockroach;
	case SETTINGS_CHECK_HTTP:
	case SETTINGS_CHECK_HTTPS:
	case SETTINGS_CHECK_MYSQL:
	case SETTINGS_CHECK_REDIS:
	case SETTINGS_CHECK_LDAP:
	case SETTINGS_CHECK_SMTP:
	case SETTINGS_CHECK_EXTERNAL:
	case SETTINGS_CHECK_AGENT:
		break;
	}
	return false;
}

static const char *describe_blindness(const struct lint_view *v)
{
	const struct settings_check *c = &v->target->check;

	if (c->type == SETTINGS_CHECK_NONE)
		return "it is not checked: it gets new sessions while it drains, and when it is "
		       "dead, too";
	if (!v->cockroach)
		return "a check is a connection and no more, which the kernel takes for a server "
		       "that hangs, too";
	if (c->type == SETTINGS_CHECK_TCP)
		return "a check is a connection and no more, which a node also takes while it "
		       "drains (it then refuses SQL clients with 57P01), is cut off from its "
		       "cluster, "
		       "or is frozen";
	return "a check asks for the first message of its protocol, which a node also gives while "
	       "it drains (it then refuses SQL clients with 57P01) or is cut off from its cluster";
}

static const char *seeing_check(const struct lint_view *v)
{
	const struct settings_check *c = &v->target->check;
	bool node = !strchr(v->target->name, '/');
	char inter[LINT_DURATION_MAX];
	const char *what = !v->cockroach ? "type = \"pgsql\";"
	                   : node ? "type = \"http\"; port = \"http\"; path = \"/health?ready=1\";"
	                          : "type = \"http\"; port = 8080; path = \"/health?ready=1\";";

	return lint_print(v, "check = { %s inter = \"%s\"; rise = %u; fall = %u; };", what,
	                  lint_duration(c->inter_ms, inter), c->rise, c->fall);
}

static void look_at_blindness(const struct lint_view *v)
{
	struct lint_finding f = { .rule = LINT_BLIND_CHECK,
		                  .severity = LINT_WARNING,
		                  .place = place(v, NULL),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!v->sql || !is_blind(&v->target->check, v->cockroach))
		return;
	f.cure = seeing_check(v);
	lint_add(v, &f, v->target->name, "%s", describe_blindness(v));
}

/* "/health", or the older "/_admin/v1/health", of CockroachDB. */
static bool is_health(const char *path)
{
	size_t len = strcspn(path, "?");

	return (len == strlen("/health") && strncmp(path, "/health", len) == 0) ||
	       strncmp(path, "/_admin/v1/health", strlen("/_admin/v1/health")) == 0;
}

static void look_at_path(const struct lint_view *v)
{
	const char *path = detection_path(&v->target->check);
	struct lint_finding f = { .rule = LINT_HEALTH_PATH,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "path"),
		                  .cure_kind = LINT_CONFIGURATION,
		                  .cure = "path = \"/health?ready=1\";" };

	if (!v->cockroach || !path || !is_health(path) || strstr(path, "ready="))
		return;
	lint_add(v, &f, v->target->name,
	         "%.80s answers 200 also while the node drains or has lost its cluster: it goes on "
	         "getting new sessions",
	         path);
}

static bool is_over_tls(const struct settings_check *c)
{
	for (size_t i = 0; i < c->steps.count; i++)
		if (c->steps.at[i].kind == SETTINGS_STEP_CONNECT && c->steps.at[i].tls)
			return true;
	return c->type == SETTINGS_CHECK_HTTPS || c->tls;
}

static void look_at_trust(const struct lint_view *v)
{
	const struct settings_check *c = &v->target->check;
	struct lint_finding f = { .rule = LINT_CHECK_VERIFY,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "verify"),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!is_over_tls(c) || c->verify)
		return;
	f.cure =
	    lint_print(v, "verify = true; ca = \"%.200s\";", c->ca ? c->ca : "/etc/sluice/ca.crt");
	lint_add(v, &f, v->target->name,
	         "any certificate will do: whoever answers at %.80s is taken for the node",
	         c->address ? c->address : v->target->host);
}

/* --- how often and how long --------------------------------------------------------------- */

static void look_at_timeout(const struct lint_view *v, const struct detection *d)
{
	const struct settings_check *c = &v->target->check;
	struct settings_check better = *c;
	struct detection then;
	struct times t;
	char text[LINT_DURATION_MAX];
	char worst[DETECTION_TEXT_MAX];
	struct lint_finding f = { .rule = LINT_CHECK_TIMEOUT,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "timeout"),
		                  .cure_kind = LINT_CONFIGURATION };

	if (c->timeout_ms <= c->inter_ms)
		return;
	better.timeout_ms = c->inter_ms > 1 ? c->inter_ms / 2 : 1;
	then = detection_of(&better);
	format_times(d, d->silent.worst_ms, &t);
	f.cure = lint_print(v, "timeout = \"%s\";", lint_duration(better.timeout_ms, text));
	lint_add(
	    v, &f, v->target->name,
	    "a check waits %s for an answer and the next one begins %s after it: a node that is "
	    "silent is down only after up to %s (fall %" PRIu32 "); with a timeout of %s it is %s",
	    t.timeout, t.inter, t.worst, d->fall, text,
	    detection_format(then.silent.worst_ms, worst));
}

static void look_at_fall(const struct lint_view *v)
{
	struct lint_finding f = { .rule = LINT_FALL_ONE,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "fall"),
		                  .cure_kind = LINT_CONFIGURATION,
		                  .cure = "fall = 3;" };

	if (v->target->check.fall == 1)
		lint_add(v, &f, v->target->name,
		         "one lost packet or one late answer takes it out of service until %u good "
		         "checks",
		         v->target->check.rise);
}

static void look_at_pace(const struct lint_view *v, const struct detection *d)
{
	struct times t;
	struct lint_finding f = { .rule = LINT_CONTRADICTION,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "fastinter"),
		                  .cure_kind = LINT_CONFIGURATION };
	char text[LINT_DURATION_MAX];

	if (d->fast_ms <= d->inter_ms)
		return;
	format_times(d, 0, &t);
	f.cure = lint_print(v, "fastinter = \"%s\";",
	                    lint_duration(d->inter_ms > 4 ? d->inter_ms / 4 : 1, text));
	lint_add(
	    v, &f, v->target->name,
	    "fastinter is for the time in which something is wrong, and with %s it is slower than "
	    "inter, %s",
	    t.fast, t.inter);
}

/* An interval that is kind to the nodes, in half seconds. */
static uint64_t kind_interval(uint64_t proxies)
{
	uint64_t ms = proxies * 1000 / CHECKS_PER_SECOND;

	return (ms + 499) / 500 * 500;
}

static void look_at_load(const struct lint_view *v, const struct detection *d)
{
	uint64_t proxies = v->facts->proxies ? v->facts->proxies : 1;
	uint64_t tenths = proxies * 10000 / d->inter_ms;
	uint64_t kind = kind_interval(proxies);
	char inter[LINT_DURATION_MAX];
	struct times t;
	struct lint_finding f = { .rule = LINT_CHECK_LOAD,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "inter"),
		                  .cure_kind = LINT_CONFIGURATION };

	if (tenths <= 10ULL * CHECKS_PER_SECOND)
		return;
	format_times(d, 0, &t);
	lint_duration(kind, inter);
	f.cure = kind > GOOD_FAST_MS
	             ? lint_print(v, "inter = \"%s\"; fastinter = \"1s\"; timeout = \"1s\";", inter)
	             : lint_print(v, "inter = \"%s\";", inter);
	lint_add(v, &f, v->target->name,
	         "%" PRIu64 " prox%s x 1 check in %s are %" PRIu64 ".%" PRIu64
	         " checks a second at each node; more than %d is too many",
	         proxies, proxies == 1 ? "y" : "ies", t.inter, tenths / 10, tenths % 10,
	         CHECKS_PER_SECOND);
}

void lint_look_at_check(const struct lint_view *v)
{
	struct detection d = detection_of(&v->target->check);

	/* Its health is that of another one, which is looked at itself. */
	if (v->server->track)
		return;
	look_at_blindness(v);
	if (!d.checked)
		return;
	look_at_initial_wait(v, &d);
	look_at_drain_cut(v, &d);
	look_at_path(v);
	look_at_trust(v);
	look_at_timeout(v, &d);
	look_at_fall(v);
	look_at_pace(v, &d);
	look_at_load(v, &d);
}
