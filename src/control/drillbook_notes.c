/* SPDX-License-Identifier: MIT */
#include "drillbookparts.h"

#include "base/tick.h"
#include "report/eventline.h"

#include <stdio.h>
#include <string.h>

enum drill_state drillbook_notes_state(const struct state *s)
{
	if (state_in_maint(s))
		return DRILL_MAINT;
	if (s->admin & STATE_DRAIN_ANY)
		return DRILL_DRAIN;
	switch (state_effective(s)) {
	case STATE_UP:
	case STATE_NOCHECK:
		return DRILL_UP;
	case STATE_NOLB:
		return DRILL_NOLB;
	case STATE_CHECKING:
		return DRILL_CHECKING;
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return DRILL_DOWN;
}

uint64_t drillbook_notes_first(const struct drillbook *b)
{
	return b->noted > DRILLBOOK_EVENTS ? b->noted - DRILLBOOK_EVENTS : 0;
}

void drillbook_notes_forget(struct drillbook *b, size_t row)
{
	for (size_t i = 0; i < DRILLBOOK_EVENTS; i++)
		if (b->notes[i].row == row)
			b->notes[i].kind = DRILL_KIND_COUNT;
}

static struct drillbook_note *next(struct drillbook *b)
{
	struct drillbook_note *n = &b->notes[b->noted++ % DRILLBOOK_EVENTS];

	*n = (struct drillbook_note){ .row = SIZE_MAX };
	return n;
}

static void describe(struct drillbook_note *n, const struct journal_event *e)
{
	AUTO_TEXT why = { 0 };

	eventline_write_why(e, &why);
	snprintf(n->text, sizeof(n->text), "%s", text_str(&why));
}

/* When the check ended that the entry tells of: it is written at once. */
static void note_check(struct drillbook *b, size_t row, const struct journal_event *e, bool good)
{
	struct drillbook_note *n = next(b);

	n->ms = e->ms;
	n->row = row;
	n->kind = DRILL_CHECK;
	n->good = good;
	describe(n, e);
	b->rows[row]->checked_ms = good ? 0 : e->ms;
	b->rows[row]->passed = good;
}

/* Only the first failure of a row, what ends such a row, and the first good one while it is not
 * usable. */
static void take_check(struct drillbook *b, const struct journal_event *e)
{
	size_t row = drillbook_series_row(b, e->service, e->server);
	bool good = probe_code_passed(e->check.code);
	bool failing = b->rows[row]->checked_ms != 0;

	if (e->agent_check)
		return;
	if (good ? failing || (!drill_state_is_usable(b->rows[row]->state) && !b->rows[row]->passed)
	         : !failing)
		note_check(b, row, e, good);
}

static void take_state(struct drillbook *b, const struct journal_event *e)
{
	size_t row = drillbook_series_row(b, e->service, e->server);
	struct drillbook_row *r = b->rows[row];
	enum drill_state before = drillbook_notes_state(&e->before);
	enum drill_state after = drillbook_notes_state(&e->after);
	bool by_check = e->cause == JOURNAL_BY_CHECK && e->check.code != PROBE_UNKNOWN;
	struct drillbook_note *n;

	if (by_check && !probe_code_passed(e->check.code) && drill_state_is_usable(before) &&
	    !r->checked_ms)
		note_check(b, row, e, false);
	r->state = after;
	r->passed = false;
	if (drill_state_is_usable(after))
		r->checked_ms = 0;
	n = next(b);
	n->ms = e->ms;
	n->row = row;
	n->kind = DRILL_STATE;
	n->before = before;
	n->state = after;
	n->sessions = e->sessions;
	describe(n, e);
}

static void take_other(struct drillbook *b, const struct journal_event *e, enum drill_kind kind,
                       bool good)
{
	struct drillbook_note *n = next(b);

	n->ms = e->ms;
	n->kind = kind;
	n->good = good;
	if (e->service[0])
		n->row = drillbook_series_row(b, e->service, e->server[0] ? e->server : NULL);
	describe(n, e);
}

void drillbook_event(struct drillbook *b, const struct journal_event *e)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		take_state(b, e);
		break;
	case JOURNAL_CHECK:
		take_check(b, e);
		break;
	case JOURNAL_SERVICE_DOWN:
		take_other(b, e, DRILL_SERVICE, false);
		break;
	case JOURNAL_SERVICE_UP:
		take_other(b, e, DRILL_SERVICE, true);
		break;
	case JOURNAL_FAULT:
		take_other(b, e, DRILL_FAULT, !e->begins);
		break;
	case JOURNAL_PANIC:
	case JOURNAL_MARK:
		take_other(b, e, DRILL_MARK, false);
		break;
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
}
