/* SPDX-License-Identifier: MIT */
#include "report/eventline.h"
#include "simviews.h"

#include <inttypes.h>

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, "\"%s\": ", key);
	text_add_json(out, value);
}

static void add_or_null(struct text *out, const char *key, int64_t n)
{
	if (n < 0)
		text_addf(out, ", \"%s\": null", key);
	else
		text_addf(out, ", \"%s\": %" PRId64, key, n);
}

static void add_counts(struct text *out, const struct simulation_counts *c)
{
	text_addf(out,
	          "\"arrived\": %" PRIu64 ", \"ended\": %" PRIu64 ", \"cut\": %" PRIu64
	          ", \"moved\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"live\": %" PRIu32
	          ", \"waiting\": %" PRIu32,
	          c->arrived, c->ended, c->cut, c->moved, c->refused, c->live, c->waiting);
}

static void add_setup(const struct simulation_options *o, const struct simulation_result *r,
                      struct text *out)
{
	AUTO_TEXT rate = { 0 };
	AUTO_TEXT session = { 0 };

	simview_add_rate(&rate, &o->rate);
	simview_add_session(&session, &o->session);
	add_string(out, "service", r->service->name);
	text_add(out, ", ");
	add_string(out, "balance", settings_balance_name(r->service->balance));
	text_add(out, ", ");
	add_string(out, "rate", text_str(&rate));
	text_add(out, ", ");
	add_string(out, "session", text_str(&session));
	text_addf(out,
	          ", \"pool\": %" PRIu32 ", \"for_ms\": %" PRId64 ", \"step_ms\": %" PRId64
	          ", \"seed\": %" PRIu64,
	          o->pool, o->for_ms, o->step_ms, o->seed);
}

static void add_cells(const struct simulation_result *r, const struct simulation_row *row,
                      struct text *out)
{
	for (size_t i = 0; i < r->service->server_count; i++) {
		const struct simulation_cell *c = &row->cells[i];

		text_add(out, i ? ", {" : "{");
		add_string(out, "server", r->service->servers[i].name);
		text_addf(out,
		          ", \"state\": \"%s\", \"sessions\": %" PRIu32 ", \"new\": %" PRIu32 "}",
		          simulation_mark_key(c->mark), c->sessions, c->news);
	}
}

static void add_rows(const struct simulation_result *r, struct text *out)
{
	for (size_t i = 0; i < r->row_count; i++) {
		text_addf(out, "%s\n  {\"time_ms\": %" PRId64 ", ", i ? "," : "", r->rows[i].ms);
		add_counts(out, &r->rows[i].counts);
		text_addf(out, ", \"uneven_percent\": %" PRIu32 ", \"servers\": [",
		          r->rows[i].uneven);
		add_cells(r, &r->rows[i], out);
		text_add(out, "]}");
	}
}

static void add_change(const struct journal_event *e, struct text *out)
{
	AUTO_TEXT what = { 0 };
	AUTO_TEXT why = { 0 };

	eventline_write_what(e, &what);
	eventline_write_why(e, &why);
	text_addf(out, "\"kind\": \"%s\", ", journal_kind_key(e->kind));
	if (e->server[0])
		add_string(out, "server", e->server);
	else
		text_add(out, "\"server\": null");
	text_add(out, ", ");
	add_string(out, "what", text_str(&what));
	text_add(out, ", ");
	add_string(out, "why", text_str(&why));
}

static void add_notes(const struct simulation_options *o, const struct simulation_result *r,
                      struct text *out)
{
	char words[SIMEVENT_TEXT_MAX];

	for (size_t i = 0; i < r->note_count; i++) {
		const struct simulation_note *n = &r->notes[i];

		text_addf(out, "%s\n  {\"time_ms\": %" PRId64 ", ", i ? "," : "", n->ms);
		if (n->kind == SIMULATION_CHANGE) {
			add_change(&n->e, out);
		} else {
			text_add(out, "\"kind\": \"event\", \"server\": null, ");
			add_string(out, "what", simevent_format(&o->events->at[n->event], words));
			text_add(out, ", \"why\": \"\"");
		}
		text_add(out, "}");
	}
}

static void add_effects(const struct simulation_options *o, const struct simulation_result *r,
                        struct text *out)
{
	char words[SIMEVENT_TEXT_MAX];

	for (size_t i = 0; i < r->effect_count; i++) {
		const struct simulation_effect *f = &r->effects[i];
		const struct simevent *e = &o->events->at[f->event];

		text_add(out, i ? ",\n  {" : "\n  {");
		add_string(out, "event", simevent_format(e, words));
		text_addf(out,
		          ", \"time_ms\": %" PRId64 ", \"servers\": %" PRIu32
		          ", \"noticed\": %" PRIu32,
		          e->at_ms, f->servers, f->seen);
		add_or_null(out, "first_ms", f->first_ms);
		add_or_null(out, "last_ms", f->last_ms);
		add_or_null(out, "even_ms", f->even_ms);
		text_addf(out, ", \"cut\": %" PRIu64 ", \"vain\": %" PRIu64 "}", f->cut, f->vain);
	}
}

static void add_summary(const struct simulation_result *r, struct text *out)
{
	add_counts(out, &r->counts);
	text_addf(out,
	          ", \"waited\": %" PRIu64 ", \"longest_ms\": %" PRId64 ", \"vain\": %" PRIu64
	          ", \"uneven_percent\": %" PRIu32 ", \"uneven_time_ms\": %" PRId64
	          ", \"uneven_server\": ",
	          r->waited, r->longest_ms, r->vain, r->uneven, r->uneven_ms);
	if (r->uneven)
		text_add_json(out, r->service->servers[r->uneven_server].name);
	else
		text_add(out, "null");
	text_addf(out, ", \"uneven_end_percent\": %" PRIu32, r->uneven_end);
}

void simview_write_json(const struct simulation_options *o, const struct simulation_result *r,
                        struct text *out)
{
	text_addc(out, '{');
	add_setup(o, r, out);
	text_add(out, ", \"steps\": [");
	add_rows(r, out);
	text_add(out, "\n], \"notes\": [");
	add_notes(o, r, out);
	text_addf(out, "], \"notes_left_out\": %" PRIu64 ", \"effects\": [", r->notes_left_out);
	add_effects(o, r, out);
	text_add(out, "],\n\"summary\": {");
	add_summary(r, out);
	text_add(out, "}}\n");
}
