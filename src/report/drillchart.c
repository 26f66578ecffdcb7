/* SPDX-License-Identifier: MIT */
#include "drillchart.h"

#include "drillgrid.h"
#include "drillwords.h"
#include "plain.h"

#include <inttypes.h>
#include <string.h>

/* Pixels from top to bottom: a lane is a line of text, a bar, its marks and a curve. */
enum {
	TOP_PX = 38, /* ticks and faults */
	FAULT_PX = 29,
	TEXT_PX = 16,
	BAR_PX = 18,
	MARK_PX = 14,
	CURVE_PX = 40,
	SPACE_PX = 12,
	CLIENTS_PX = TEXT_PX + MARK_PX + SPACE_PX,
	LANE_PX = TEXT_PX + BAR_PX + MARK_PX + CURVE_PX + SPACE_PX,
	BUCKETS_MAX = 200,
	GLYPH_MIN = 2500 /* thousandths of a percent that a bar needs for its glyph */
};

struct chart {
	const struct drillfacts *f;
	const struct drill *d;
	const struct drillaxis *axis;
	int64_t zero_ms;
	size_t service;
	size_t bucket;      /* intervals that are drawn as one */
	uint64_t rate_most; /* sessions that a server got in a bucket, at most */
	struct text *out;
};

static const struct drill_service *service_of(const struct chart *c)
{
	return &c->d->services[c->service];
}

static void add_x(const struct chart *c, const char *name, int64_t wall_ms)
{
	text_addf(c->out, " %s=\"", name);
	drillaxis_add_percent(c->axis, wall_ms - c->zero_ms, c->out);
	text_addc(c->out, '"');
}

static void add_width(const struct chart *c, int64_t from_ms, int64_t to_ms)
{
	text_add(c->out, " width=\"");
	drillaxis_add_width(c->axis, from_ms - c->zero_ms, to_ms - c->zero_ms, c->out);
	text_addc(c->out, '"');
}

/* What a pointer that rests there is shown. */
static void add_title(const struct chart *c, struct text *words)
{
	text_add(c->out, "<title>");
	plain_add_html(c->out, text_str(words));
	text_add(c->out, "</title>");
	text_clear(words);
}

static void add_moment(const struct chart *c, struct text *words, int64_t wall_ms)
{
	drillwords_add_offset(words, c->zero_ms, wall_ms);
	text_addc(words, ' ');
}

/* --- states ------------------------------------------------------------------------------- */

/* Each state has a pattern and a glyph besides its colour. */
static const char *glyph_of(enum drill_state s)
{
	static const char *const glyphs[] = {
		[DRILL_CHECKING] = "\u25cb", [DRILL_UP] = "\u25cf",   [DRILL_NOLB] = "\u25d0",
		[DRILL_DRAIN] = "\u25d1",    [DRILL_DOWN] = "\u2716", [DRILL_MAINT] = "\u25a0",
	};

	return glyphs[s];
}

static void add_bar(const struct chart *c, enum drill_state state, int64_t from_ms, int64_t to_ms,
                    int y, const char *why)
{
	int64_t wide = drillaxis_place(c->axis, to_ms - c->zero_ms) -
	               drillaxis_place(c->axis, from_ms - c->zero_ms);
	AUTO_TEXT words = { 0 };

	if (to_ms <= from_ms)
		return;
	text_addf(c->out, "<g class=\"%s\"><rect class=\"base\"", drill_state_key(state));
	add_x(c, "x", from_ms);
	add_width(c, from_ms, to_ms);
	text_addf(c->out, " y=\"%d\" height=\"%d\"/><rect class=\"over\"", y, BAR_PX);
	add_x(c, "x", from_ms);
	add_width(c, from_ms, to_ms);
	text_addf(c->out, " y=\"%d\" height=\"%d\"/>", y, BAR_PX);
	if (wide >= GLYPH_MIN) {
		text_add(c->out, "<text class=\"glyph\" dx=\"4\"");
		add_x(c, "x", from_ms);
		text_addf(c->out, " y=\"%d\">%s</text>", y + BAR_PX - 5, glyph_of(state));
	}
	add_moment(c, &words, from_ms);
	drillwords_add_state(&words, state);
	text_add(&words, " for ");
	drillwords_add_ms(&words, to_ms - from_ms);
	if (why != NULL && why[0] != '\0') {
		text_add(&words, ": ");
		plain_add(&words, why);
	}
	add_title(c, &words);
	text_add(c->out, "</g>\n");
}

static void add_states(const struct chart *c, size_t server, int y)
{
	enum drill_state now = service_of(c)->servers[server].first;
	int64_t since = c->d->from_ms;
	const char *why = "";

	for (size_t i = 0; i < c->d->event_count; i++) {
		const struct drill_event *e = &c->d->events[i];

		if (e->kind != DRILL_STATE || e->service != c->service || e->server != server)
			continue;
		add_bar(c, now, since, e->wall_ms, y, why);
		now = e->state;
		since = e->wall_ms;
		why = e->text;
	}
	add_bar(c, now, since, c->d->to_ms, y, why);
}

/* --- counts ------------------------------------------------------------------------------- */

static size_t bucket_end(const struct chart *c, size_t i)
{
	return i + c->bucket < c->d->samples ? i + c->bucket : c->d->samples;
}

static int64_t begin_of(const struct chart *c, size_t i)
{
	return c->d->samples_from_ms + (int64_t)i * c->d->every_ms;
}

static uint64_t add_up(const struct chart *c, const uint32_t *at, size_t i)
{
	uint64_t n = 0;

	for (size_t k = i; k < bucket_end(c, i); k++)
		n += at[k];
	return n;
}

static uint64_t highest(const struct chart *c, const uint32_t *at, size_t i)
{
	uint64_t n = 0;

	for (size_t k = i; k < bucket_end(c, i); k++)
		if (at[k] > n)
			n = at[k];
	return n;
}

static void find_most(struct chart *c)
{
	const struct drill_service *v = service_of(c);

	c->bucket = c->d->samples / BUCKETS_MAX + 1;
	for (size_t s = 0; s < v->server_count; s++) {
		const uint32_t *at = v->servers[s].at[DRILL_SERIES_CONNECTED];

		for (size_t i = 0; at != NULL && i < c->d->samples; i += c->bucket)
			if (add_up(c, at, i) > c->rate_most)
				c->rate_most = add_up(c, at, i);
	}
}

static uint64_t per_second(const struct chart *c, uint64_t n, size_t intervals)
{
	uint64_t ms = (uint64_t)intervals * c->d->every_ms;

	return ms > 0 ? (n * 1000 + ms / 2) / ms : 0;
}

/* A curve of steps: the inner picture is stretched, its line is not. */
static void add_curve(const struct chart *c, const uint32_t *at, int y)
{
	size_t count = (c->d->samples + c->bucket - 1) / c->bucket;
	int64_t end = begin_of(c, c->d->samples);

	text_addf(c->out, "<svg class=\"curve\" y=\"%d\" height=\"%d\"", y, CURVE_PX);
	add_x(c, "x", begin_of(c, 0));
	add_width(c, begin_of(c, 0), end);
	text_addf(c->out, " viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\"><path d=\"M0 %d",
	          count, CURVE_PX, CURVE_PX);
	for (size_t i = 0, x = 0; i < c->d->samples; i += c->bucket, x++) {
		uint64_t n =
		    c->rate_most > 0 ? add_up(c, at, i) * (CURVE_PX - 2) / c->rate_most : 0;

		text_addf(c->out, "V%d", CURVE_PX - (int)n);
		text_addf(c->out, "H%zu", x + 1);
	}
	text_addf(c->out, "V%dZ\"/></svg>\n", CURVE_PX);
}

/* One invisible column for each bucket says what it counts. */
static void add_hovers(const struct chart *c, const struct drill_server *s, int y)
{
	const uint32_t *new = s->at[DRILL_SERIES_CONNECTED], *all = s->at[DRILL_SERIES_SESSIONS];

	for (size_t i = 0; i < c->d->samples; i += c->bucket) {
		size_t end = bucket_end(c, i);
		AUTO_TEXT words = { 0 };

		text_addf(c->out, "<rect class=\"hover\" y=\"%d\" height=\"%d\"", y, CURVE_PX);
		add_x(c, "x", begin_of(c, i));
		add_width(c, begin_of(c, i), begin_of(c, end));
		text_addc(c->out, '>');
		add_moment(c, &words, begin_of(c, i));
		plain_add(&words, s->name);
		text_addf(&words, ": %" PRIu64 " new sessions/s",
		          per_second(c, add_up(c, new, i), end - i));
		if (all != NULL)
			text_addf(&words, ", %" PRIu32 " sessions", all[end - 1]);
		add_title(c, &words);
		text_add(c->out, "</rect>\n");
	}
}

/* Two kinds of marks of the same moment stand beside each other. */
static int shift_of(const char *class)
{
	if (strcmp(class, "failed") == 0 || strcmp(class, "held") == 0)
		return -5;
	return strcmp(class, "cut") == 0 || strcmp(class, "turned") == 0 ? 5 : 0;
}

static void add_mark(const struct chart *c, size_t i, const char *class, const char *glyph, int y,
                     struct text *words)
{
	text_addf(c->out, "<text class=\"mark %s\" dx=\"%d\" y=\"%d\"", class, shift_of(class), y);
	add_x(c, "x", begin_of(c, i) + (begin_of(c, bucket_end(c, i)) - begin_of(c, i)) / 2);
	text_addf(c->out, ">%s", glyph);
	add_title(c, words);
	text_add(c->out, "</text>\n");
}

/* A mark for each bucket in which a series counted something. */
static void add_marks(const struct chart *c, const uint32_t *at, const char *class,
                      const char *glyph, const char *words, bool sum, int y)
{
	for (size_t i = 0; at != NULL && i < c->d->samples; i += c->bucket) {
		uint64_t n = sum ? add_up(c, at, i) : highest(c, at, i);
		AUTO_TEXT t = { 0 };

		if (n == 0)
			continue;
		add_moment(c, &t, begin_of(c, i));
		text_addf(&t, "%" PRIu64 " %s", n, words);
		add_mark(c, i, class, glyph, y, &t);
	}
}

/* --- lanes -------------------------------------------------------------------------------- */

static void add_label(const struct chart *c, int y, const char *name, struct text *rest)
{
	text_addf(c->out, "<text class=\"label\" x=\"0\" y=\"%d\"><tspan class=\"name\">",
	          y + TEXT_PX - 5);
	plain_add_html(c->out, name);
	text_add(c->out, "</tspan> ");
	plain_add_html(c->out, text_str(rest));
	text_add(c->out, "</text>\n");
	text_clear(rest);
}

static void sum_up(const struct chart *c, size_t server, struct text *words)
{
	int64_t out_ms = 0, cut = 0, asked = 0;
	bool any = false;

	for (size_t i = 0; i < c->f->outage_count; i++) {
		const struct drillfacts_outage *o = &c->f->outages[i];

		if (o->service != c->service || o->server != server)
			continue;
		any = true;
		out_ms += (o->back_ms != DRILLFACTS_UNKNOWN ? o->back_ms : c->d->to_ms) - o->out_ms;
		cut += o->cut > 0 ? o->cut : 0;
		asked += o->asked > 0 ? o->asked : 0;
	}
	if (any) {
		text_add(words, "out ");
		drillwords_add_ms(words, out_ms);
	}
	if (cut > 0)
		text_addf(words, ", %" PRId64 " cut", cut);
	if (asked > 0)
		text_addf(words, ", %" PRId64 " asked", asked);
}

static void add_server(const struct chart *c, size_t server, int y)
{
	const struct drill_server *s = &service_of(c)->servers[server];
	int bar = y + TEXT_PX, marks = bar + BAR_PX + MARK_PX - 3, curve = bar + BAR_PX + MARK_PX;
	AUTO_TEXT words = { 0 };

	sum_up(c, server, &words);
	add_label(c, y, s->name, &words);
	add_states(c, server, bar);
	if (s->at[DRILL_SERIES_CONNECTED] != NULL && c->d->samples > 0) {
		add_curve(c, s->at[DRILL_SERIES_CONNECTED], curve);
		add_hovers(c, s, curve);
	}
	add_marks(c, s->at[DRILL_SERIES_ASKED], "asked", "\u25c7",
	          "sessions closed between transactions", true, marks);
	add_marks(c, s->at[DRILL_SERIES_FAILED], "failed", "\u25b2", "connects failed", true,
	          marks);
	add_marks(c, s->at[DRILL_SERIES_CUT], "cut", "\u2716", "sessions cut", true, marks);
}

static void add_clients(const struct chart *c, int y)
{
	const struct drill_service *v = service_of(c);
	const struct drillfacts_service *s = &c->f->services[c->service];
	AUTO_TEXT words = { 0 };

	if (s->failed > 0)
		text_addf(&words, "%" PRId64 " turned away, ", s->failed);
	if (s->held > 0)
		text_addf(&words, "at most %" PRId64 " held, ", s->held);
	if (s->gap_ms == DRILLFACTS_UNKNOWN) {
		text_add(&words, "too few to tell of a gap");
	} else {
		text_add(&words, "longest gap ");
		drillwords_add_gap(&words, c->d, s->gap_ms);
	}
	add_label(c, y, "clients", &words);
	add_marks(c, v->at[DRILL_SERIES_HELD], "held", "\u25c6", "clients held", false,
	          y + TEXT_PX + MARK_PX - 3);
	add_marks(c, v->at[DRILL_SERIES_FAILED], "turned", "\u25bc", "clients turned away", true,
	          y + TEXT_PX + MARK_PX - 3);
}

/* --- the frame ---------------------------------------------------------------------------- */

static void add_tick(const struct chart *c, int64_t ms, int height, bool minor)
{
	int64_t place = drillaxis_place(c->axis, ms);

	text_addf(c->out, "<g class=\"tick%s\"><line", minor ? " minor" : "");
	add_x(c, "x1", c->zero_ms + ms);
	add_x(c, "x2", c->zero_ms + ms);
	text_addf(c->out, " y1=\"16\" y2=\"%d\"/><text y=\"12\" text-anchor=\"%s\"", height,
	          place < 3000    ? "start"
	          : place > 95000 ? "end"
	                          : "middle");
	add_x(c, "x", c->zero_ms + ms);
	text_addc(c->out, '>');
	drillaxis_add_label(c->axis, ms, c->out);
	text_add(c->out, "</text></g>\n");
}

static void add_ticks(const struct chart *c, int height)
{
	int64_t first = drillaxis_first(c->axis);

	for (int64_t ms = first; ms <= c->axis->to_ms; ms += c->axis->step_ms)
		add_tick(c, ms, height, ms / c->axis->step_ms % 2 != 0);
}

/* Faults and marks are lines through all lanes. */
static void add_lines(const struct chart *c, int height)
{
	for (size_t i = 0; i < c->d->event_count; i++) {
		const struct drill_event *e = &c->d->events[i];
		AUTO_TEXT words = { 0 };

		if ((e->kind != DRILL_FAULT && e->kind != DRILL_MARK) ||
		    (e->service != SIZE_MAX && e->service != c->service))
			continue;
		text_add(c->out, "<g class=\"event\"><line");
		add_x(c, "x1", e->wall_ms);
		add_x(c, "x2", e->wall_ms);
		text_addf(c->out, " y1=\"%d\" y2=\"%d\"/><text y=\"%d\"", FAULT_PX, height,
		          FAULT_PX);
		add_x(c, "x", e->wall_ms);
		text_add(c->out, ">\u25be</text>");
		add_moment(c, &words, e->wall_ms);
		drillwords_add_event(&words, e);
		add_title(c, &words);
		text_add(c->out, "</g>\n");
	}
}

static void write_service(struct chart *c)
{
	const struct drill_service *v = service_of(c);
	int height = TOP_PX + CLIENTS_PX + (int)v->server_count * LANE_PX;
	AUTO_TEXT words = { 0 };

	find_most(c);
	text_add(c->out, "<figure>\n<figcaption>");
	plain_add_html(c->out, v->name);
	if (c->rate_most > 0)
		text_addf(c->out,
		          " <small>curves: new sessions/s of each server, at most %" PRIu64
		          "</small></figcaption>\n",
		          per_second(c, c->rate_most, c->bucket));
	else
		text_add(c->out, " <small>no new session</small></figcaption>\n");
	text_addf(c->out, "<svg class=\"chart\" width=\"100%%\" height=\"%d\" role=\"img\">\n",
	          height);
	text_add(&words, "States and sessions of the servers of ");
	plain_add(&words, v->name);
	add_title(c, &words);
	add_ticks(c, height);
	add_lines(c, height);
	add_clients(c, TOP_PX);
	for (size_t s = 0; s < v->server_count; s++)
		add_server(c, s, TOP_PX + CLIENTS_PX + (int)s * LANE_PX);
	text_add(c->out, "</svg>\n</figure>\n");
}

void drillchart_write(const struct drillfacts *f, const struct drillaxis *axis, int64_t zero_ms,
                      struct text *out)
{
	for (size_t i = 0; i < f->drill->service_count; i++) {
		struct chart c = { .f = f,
			           .d = f->drill,
			           .axis = axis,
			           .zero_ms = zero_ms,
			           .service = i,
			           .out = out };

		write_service(&c);
	}
}

/* --- patterns and legend ------------------------------------------------------------------ */

void drillchart_add_patterns(struct text *out)
{
	text_add(out,
	         "<svg width=\"0\" height=\"0\" class=\"defs\" aria-hidden=\"true\"><defs>\n"
	         "<pattern id=\"p-down\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
	         "patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"7\"/></pattern>\n"
	         "<pattern id=\"p-nolb\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
	         "<circle cx=\"3\" cy=\"3\" r=\"1.4\"/></pattern>\n"
	         "<pattern id=\"p-drain\" width=\"6\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
	         "<rect width=\"6\" height=\"2\"/></pattern>\n"
	         "<pattern id=\"p-maint\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
	         "<path d=\"M0 0H8V2H2V8H0Z\"/></pattern>\n"
	         "<pattern id=\"p-checking\" width=\"6\" height=\"6\" "
	         "patternUnits=\"userSpaceOnUse\"><rect width=\"2\" height=\"6\"/></pattern>\n"
	         "</defs></svg>\n");
}

static void add_key(struct text *out, const char *class, const char *glyph, const char *words)
{
	text_addf(out, "<li><span class=\"mark %s\">%s</span> %s</li>\n", class, glyph, words);
}

void drillchart_add_legend(struct text *out)
{
	text_add(out, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < DRILL_STATE_COUNT; i++) {
		enum drill_state s = (enum drill_state)i;

		text_addf(
		    out,
		    "<li><svg width=\"26\" height=\"14\" aria-hidden=\"true\"><g "
		    "class=\"%s\"><rect class=\"base\" width=\"26\" height=\"14\"/><rect "
		    "class=\"over\" width=\"26\" height=\"14\"/><text class=\"glyph\" x=\"3\" "
		    "y=\"11\">%s</text></g></svg> ",
		    drill_state_key(s), glyph_of(s));
		drillwords_add_state(out, s);
		text_addf(out, " <small>%s</small></li>\n", drillwords_state(s));
	}
	add_key(out, "cut", "\u2716", "sessions cut");
	add_key(out, "failed", "\u25b2", "connects failed");
	add_key(out, "asked", "\u25c7", "closed between transactions");
	add_key(out, "held", "\u25c6", "clients held");
	add_key(out, "turned", "\u25bc", "clients turned away");
	add_key(out, "event", "\u25be", "fault or mark");
	text_add(out, "</ul>\n");
}
