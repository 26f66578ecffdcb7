/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "whywords.h"

#include <inttypes.h>
#include <string.h>

/* --- how it is checked -------------------------------------------------------------------- */

static void add_duration(struct text *out, uint32_t ms)
{
	char buf[32];

	number_format_duration(ms, buf, sizeof(buf));
	text_add(out, buf);
}

/* "every 2s (500ms while it changes, 10s while it is down)" */
static void add_pace(const struct settings_check *c, struct text *out)
{
	text_add(out, "every ");
	add_duration(out, c->inter_ms);
	if (!c->fastinter_ms && !c->downinter_ms)
		return;
	text_add(out, " (");
	if (c->fastinter_ms) {
		add_duration(out, c->fastinter_ms);
		text_add(out, " while it changes");
	}
	if (c->fastinter_ms && c->downinter_ms)
		text_add(out, ", ");
	if (c->downinter_ms) {
		add_duration(out, c->downinter_ms);
		text_add(out, " while it is down");
	}
	text_addc(out, ')');
}

static bool is_request(const struct settings_check *c)
{
	return (c->type == SETTINGS_CHECK_HTTP || c->type == SETTINGS_CHECK_HTTPS) &&
	       !c->steps.count && c->method && c->path;
}

static void add_kind(const struct why_facts *f, struct text *out)
{
	const struct settings_check *c = f->check;

	if (c->type == SETTINGS_CHECK_EXTERNAL) {
		text_addf(out, " by the program %s", c->command ? c->command : "");
		return;
	}
	if (is_request(c))
		text_addf(out, ": %s %s of", c->method, c->path);
	else
		text_add(out, " at");
	text_addf(out, " %s, %s", f->where, settings_check_name(c->type));
	if (c->steps.count)
		text_addf(out, " in %zu steps", c->steps.count);
}

static void add_checks(const struct why_facts *f, struct text *out)
{
	if (f->tracked)
		text_addf(out, "its health is that of %s (track)\n", f->tracked);
	if (f->check_disabled) {
		text_add(out, "its checks are switched off by a command; ");
		whywords_add_ctl(out, f, "enable health", "");
		text_add(out, " switches them on\n");
		return;
	}
	if (!f->limits.checked) {
		text_add(out, "it is not checked (type = \"none\"): it counts as usable\n");
		return;
	}
	text_add(out, state_in_maint(&f->state) ? "out of maintenance it is checked " : "checked ");
	add_pace(f->check, out);
	add_kind(f, out);
	if (!strchr(f->target, '/'))
		text_addf(out, "; node %s is checked once for all services", f->target);
	text_addc(out, '\n');
}

/* --- what counts -------------------------------------------------------------------------- */

static void add_ranges(const struct settings_ranges *r, struct text *out)
{
	for (size_t i = 0; i < r->count; i++) {
		text_addf(out, "%s%u", i ? ", " : "", r->at[i].low);
		if (r->at[i].high != r->at[i].low)
			text_addf(out, "-%u", r->at[i].high);
	}
}

static void add_drain_status(const struct why_facts *f, struct text *out)
{
	const struct settings_check *c = f->check;

	if (f->state.health != STATE_UP && f->state.health != STATE_NOLB)
		return;
	if (c->disable_on_404)
		text_add(out, "an answer of 404 means: no new sessions from now on, those that are "
		              "there stay (disable_on_404)\n");
	if (!c->drain_status.count)
		return;
	text_add(out, "an answer of ");
	add_ranges(&c->drain_status, out);
	text_add(out,
	         " means: no new sessions from now on, those that are there stay; it counts as "
	         "a failed check, too (drain_status)\n");
}

static void add_fall(const struct why_facts *f, struct text *out)
{
	uint32_t left = whywords_failures_left(f);

	if (left == f->limits.fall)
		text_addf(out, "%" PRIu32 " failed check%s take%s it down (fall = %u)\n", left,
		          left == 1 ? "" : "s in a row", left == 1 ? "s" : "", f->limits.fall);
	else
		text_addf(out, "%" PRIu32 " more failed check%s take%s it down (fall = %u)\n", left,
		          left == 1 ? "" : "s in a row", left == 1 ? "s" : "", f->limits.fall);
}

static void add_rise(const struct why_facts *f, struct text *out)
{
	uint32_t left = whywords_passes_left(f);

	text_addf(out, "%" PRIu32 " %sgood check%s bring%s it back (rise = %u)", left,
	          left == f->limits.rise ? "" : "more ", left == 1 ? "" : "s in a row",
	          left == 1 ? "s" : "", f->limits.rise);
	if (left < f->limits.rise)
		text_add(out, "; one that fails begins the count again");
	text_addc(out, '\n');
}

static void add_counts(const struct why_facts *f, struct text *out)
{
	if (!whywords_is_checked(f) || !f->has_address)
		return;
	if (state_in_maint(&f->state)) {
		if (!f->limits.start_up)
			text_add(out, "its first check after that decides alone\n");
		return;
	}
	switch (f->state.health) {
	case STATE_UP:
		add_fall(f, out);
		break;
	case STATE_NOLB:
		add_fall(f, out);
		add_rise(f, out);
		break;
	case STATE_DOWN:
		add_rise(f, out);
		break;
	case STATE_CHECKING:
		text_add(out, "its first check decides alone\n");
		break;
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	add_drain_status(f, out);
	if (f->decided && f->decided->event == STATE_MARK_DOWN &&
	    f->decided->cause == JOURNAL_BY_CHECK)
		text_add(out, "what clients and a check both find, a refusal or silence, takes it "
		              "down at once: fall does not count then\n");
}

static const char *word_of(enum settings_on_error e)
{
	switch (e) {
	case SETTINGS_ON_ERROR_FASTINTER:
		return "hurry its next check";
	case SETTINGS_ON_ERROR_FAIL_CHECK:
		return "count as a failed check";
	case SETTINGS_ON_ERROR_SUDDEN_DEATH:
		return "leave it one more failure";
	case SETTINGS_ON_ERROR_MARK_DOWN:
		break;
	}
	return "take it down";
}

static void add_observe(const struct why_facts *f, struct text *out)
{
	if (f->observed)
		text_addf(out,
		          "%" PRIu32 " failed sessions in a row %s (observe, error_limit); now: "
		          "%" PRIu32 "\n",
		          f->error_limit, word_of(f->on_error), f->errors);
}

/* --- what people decided ------------------------------------------------------------------ */

static void add_admin(const struct why_facts *f, struct text *out)
{
	uint8_t flags = f->state.admin;
	const char *leader = f->tracked ? f->tracked : "another server";

	if (flags & STATE_MAINT_COMMAND)
		text_addf(out, "maintenance was ordered by %s\n", whywords_who(f));
	if (flags & STATE_MAINT_CONFIG)
		text_add(out, "the configuration has it disabled: `disabled = false` and a reload "
		              "end that for good\n");
	if (flags & STATE_MAINT_INHERITED)
		text_addf(out, "it is in maintenance as long as %s is\n", leader);
	if (flags & STATE_DRAIN_COMMAND) {
		text_addf(out, "%s drains it until ", whywords_who(f));
		whywords_add_order(out, f, "ready");
		text_addc(out, '\n');
	}
	if (flags & STATE_DRAIN_INHERITED)
		text_addf(out, "it is drained as long as %s is\n", leader);
	if (flags & STATE_DRAIN_LEFT)
		text_addf(
		    out,
		    "it %s: no new sessions, and with its last one it goes; if the cluster lists "
		    "it again it serves again (cluster.discover)\n",
		    settings_leaving_words(f->leaving));
}

static void add_agent(const struct why_facts *f, struct text *out)
{
	if (!f->agent)
		return;
	if (f->agent_disabled) {
		text_add(out, "its agent is not asked; ");
		whywords_add_ctl(out, f, "enable agent", "");
		text_add(out, " changes that\n");
	} else if (f->agent[0]) {
		text_addf(out, "its agent said last: %s\n", f->agent);
	} else {
		text_add(out, "its agent has said nothing yet\n");
	}
}

static void add_share(const struct why_facts *f, struct text *out)
{
	if (f->weight != f->weight_configured)
		text_addf(out, "its weight is %" PRIu32 ", the configuration says %" PRIu32 "\n",
		          f->weight, f->weight_configured);
	if (f->ramp < 100)
		text_addf(out, "it came back lately: %" PRIu32 " %% of its share (slowstart)\n",
		          f->ramp);
	if (whywords_is_full(f))
		text_addf(out,
		          "no more than %" PRIu32
		          " sessions at once (maxconn): others go elsewhere or wait\n",
		          f->maxconn);
	if (f->backup)
		text_add(out, "it is a backup: it serves when no other server is usable\n");
	else if (f->tiers > 1 && f->tier)
		text_addf(out,
		          "it is in tier %" PRIu32
		          ": it takes the new sessions that nearer servers "
		          "cannot (tiers, spill)\n",
		          f->tier);
}

static void add_fault(const struct why_facts *f, struct text *out)
{
	if (f->fault.kind == FAULT_NONE)
		return;
	text_addf(out, "the fault was ordered by a command: %s; ", fault_meaning(f->fault.kind));
	if (f->fault_left_ms >= 0) {
		text_add(out, "it ends in ");
		whywords_add_wait(out, f->fault_left_ms);
		text_add(out, ", or with ");
	} else {
		text_add(out, "it ends with ");
	}
	text_addf(out, "`sluice fault %s/%s none`\n", f->service, f->server);
}

static void add_panic(const struct why_facts *f, struct text *out)
{
	if (f->panicking)
		text_addf(out,
		          "%s is in a panic: most of its servers ask for patience or do not "
		          "answer, so no session is ended because of that (panic)\n",
		          f->service);
}

/* --- where to look ------------------------------------------------------------------------ */

/* What to look at when checks find that; `%s` is what they connect to.  NULL: nothing to say. */
static const char *const hints[PROBE_CODE_COUNT] = {
	[PROBE_L4TOUT] =
	    "nothing comes back from %s: is the host up, does a firewall drop packets?",
	[PROBE_L4CON] = "no connection to %s: does the node run, and does it listen there?",
	[PROBE_L6TOUT] = "%s does not finish a TLS handshake: does it speak TLS there?",
	[PROBE_L6RSP] = "TLS with %s fails: see ca, cert, key and sni of the check",
	[PROBE_L7TOUT] = "%s accepts but does not answer in time: the node hangs or is overloaded",
	[PROBE_L7RSP] = "%s does not speak what the check expects: is it the right port?",
	[PROBE_L7STS] = "%s answers, but not as the check expects: see its path and expect",
	[PROBE_PROCERR] = "run the check's program by hand to see what it finds",
	[PROBE_PROCTOUT] = "the check's program takes longer than its timeout: run it by hand",
};

static const char not_ready[] =
    "%s says that it is not ready: it drains or starts, the node's log says why";

static void add_place(struct text *out, const char *hint, const char *where)
{
	const char *mark = strstr(hint, "%s");

	if (!mark) {
		text_add(out, hint);
		return;
	}
	text_addn(out, hint, (size_t)(mark - hint));
	text_add(out, where);
	text_add(out, mark + 2);
}

static bool is_in_doubt(const struct why_facts *f)
{
	return f->state.health == STATE_DOWN ||
	       (f->state.health == STATE_UP &&
	        f->state.counter < f->limits.rise + f->limits.fall - 1);
}

static void add_hint(const struct why_facts *f, struct text *out)
{
	const char *hint = f->bad_draining ? not_ready : hints[f->bad];

	if (!is_in_doubt(f) || state_in_maint(&f->state) || f->fault.kind != FAULT_NONE)
		return;
	if (!f->has_address) {
		text_addf(out,
		          "look up \"%s\" by hand; `resolver` in the configuration says who is "
		          "asked\n",
		          f->host);
		return;
	}
	if (!hint || !f->last_bad[0] || !whywords_is_checked(f))
		return;
	add_place(out, hint, f->where);
	text_addc(out, '\n');
}

static void add_origin(const struct why_facts *f, struct text *out)
{
	if (!f->discovered)
		return;
	text_add(out, "the cluster told of it (cluster.discover): ");
	text_addf(out, f->told_by ? "%s, " : "%sa list that was kept, ",
	          f->told_by ? f->told_by : "");
	whywords_add_age(out, f->told_ms);
	text_add(out, f->told_by ? " ago\n" : " old\n");
}

void why_rules(const struct why_facts *f, struct text *out)
{
	add_origin(f, out);
	add_checks(f, out);
	add_counts(f, out);
	add_hint(f, out);
	add_observe(f, out);
	add_agent(f, out);
	add_admin(f, out);
	add_share(f, out);
	add_fault(f, out);
	add_panic(f, out);
}
