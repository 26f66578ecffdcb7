/* SPDX-License-Identifier: MIT */
#include "lane.h"

enum {
	LOOK_MS = 100, /* a black hole may close at any time */
	STEPS = 12,    /* of a delay */
	BURST_MS = 50, /* a throttled direction may catch up so much */
	IDLE_MS = 1000 /* in which any rate has earned its burst */
};

static int64_t less(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* --- a delay ------------------------------------------------------------------------------ */

static struct lane_mark *mark(struct lane *l, size_t i)
{
	return &l->marks[(l->first + i) % LANE_MARKS];
}

static int64_t step_ms(const struct fault *f)
{
	int64_t step = f->amount / STEPS;

	return step ? step : 1;
}

static void note(struct lane *l, const struct fault *f, const struct lane_source *s, int64_t now_ms)
{
	uint64_t arrived = s->bytes + s->unread;

	if (arrived <= l->noted || l->count == LANE_MARKS ||
	    (l->count && now_ms - mark(l, l->count - 1u)->at_ms < step_ms(f)))
		return;
	*mark(l, l->count++) = (struct lane_mark){ now_ms, arrived };
	l->noted = arrived;
}

static void let_go(struct lane *l, const struct fault *f, int64_t now_ms)
{
	while (l->count && now_ms - mark(l, 0)->at_ms >= (int64_t)f->amount) {
		l->gate->until = mark(l, 0)->bytes;
		l->first = (l->first + 1) % LANE_MARKS;
		l->count--;
	}
	if (l->open_ms && now_ms >= l->open_ms) {
		l->gate->closed = false;
		l->open_ms = 0;
	}
}

static bool delayed_may_read(struct lane *l, const struct fault *f, const struct lane_source *s,
                             int64_t now_ms)
{
	/* Readable with nothing there to be read: an error, which is delayed like a byte. */
	const struct lane_source seen = { s->bytes, s->unread ? s->unread : 1 };

	note(l, f, &seen, now_ms);
	let_go(l, f, now_ms);
	return s->bytes < l->gate->until;
}

static int64_t tick_delay(struct lane *l, const struct fault *f, const struct lane_source *s,
                          int64_t now_ms)
{
	int64_t next = 0;

	note(l, f, s, now_ms);
	let_go(l, f, now_ms);
	l->gate->blind = l->count && s->bytes >= l->gate->until;
	if (l->count)
		next = less(step_ms(f), mark(l, 0)->at_ms + f->amount - now_ms);
	if (l->open_ms)
		next = next ? less(next, l->open_ms - now_ms) : l->open_ms - now_ms;
	return less(next, LOOK_MS);
}

/* --- a throttle --------------------------------------------------------------------------- */

static uint64_t burst(const struct fault *f)
{
	uint64_t credit = (uint64_t)f->amount * BURST_MS;

	return credit > 1000 ? credit : 1000;
}

/* Pays for what went, then takes what was earned since. */
static void count(struct lane *l, const struct fault *f, uint64_t bytes, int64_t now_ms)
{
	uint64_t paid = (bytes - l->carried) * 1000;
	uint64_t earned = (uint64_t)less(now_ms - l->counted_ms, IDLE_MS) * f->amount;

	l->credit = (l->credit > paid ? l->credit - paid : 0) + earned;
	if (l->credit > burst(f))
		l->credit = burst(f);
	l->carried = bytes;
	l->counted_ms = now_ms;
	l->gate->until = bytes + l->credit / 1000;
}

static int64_t tick_throttle(struct lane *l, const struct fault *f, uint64_t bytes, int64_t now_ms)
{
	if (!l->gate->blind)
		return 0;
	count(l, f, bytes, now_ms);
	l->gate->blind = l->credit < burst(f);
	return l->gate->blind ? (int64_t)((burst(f) - l->credit) / f->amount) + 1 : 0;
}

/* --- any ---------------------------------------------------------------------------------- */

void lane_begin(struct lane *l, struct relay_gate *gate, const struct fault *f, uint64_t bytes,
                bool held, int64_t now_ms)
{
	*gate = (struct relay_gate){ .until = bytes };
	*l = (struct lane){ .gate = gate, .noted = bytes, .carried = bytes };
	l->counted_ms = now_ms;
	switch (f->kind) {
	case FAULT_BLACKHOLE:
		l->gate->blind = true;
		l->gate->closed = true;
		break;
	case FAULT_DELAY:
		l->gate->closed = held;
		l->open_ms = held ? now_ms + f->amount : 0;
		break;
	case FAULT_THROTTLE:
		l->credit = burst(f);
		break;
	case FAULT_NONE:
	case FAULT_REFUSE:
	case FAULT_RESET:
	case FAULT_STATUS:
	case FAULT_KIND_COUNT:
		l->gate->until = UINT64_MAX;
		break;
	}
}

bool lane_may_read(struct lane *l, const struct fault *f, const struct lane_source *s,
                   int64_t now_ms)
{
	bool may = true;

	switch (f->kind) {
	case FAULT_BLACKHOLE:
		return false;
	case FAULT_DELAY:
		may = delayed_may_read(l, f, s, now_ms);
		break;
	case FAULT_THROTTLE:
		count(l, f, s->bytes, now_ms);
		may = s->bytes < l->gate->until;
		break;
	case FAULT_NONE:
	case FAULT_REFUSE:
	case FAULT_RESET:
	case FAULT_STATUS:
	case FAULT_KIND_COUNT:
		break;
	}
	l->gate->blind = !may;
	return may;
}

int64_t lane_tick(struct lane *l, const struct fault *f, const struct lane_source *s,
                  int64_t now_ms)
{
	switch (f->kind) {
	case FAULT_BLACKHOLE:
		return LOOK_MS;
	case FAULT_DELAY:
		return tick_delay(l, f, s, now_ms);
	case FAULT_THROTTLE:
		return tick_throttle(l, f, s->bytes, now_ms);
	case FAULT_NONE:
	case FAULT_REFUSE:
	case FAULT_RESET:
	case FAULT_STATUS:
	case FAULT_KIND_COUNT:
		break;
	}
	return 0;
}
