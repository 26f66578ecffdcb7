/* SPDX-License-Identifier: MIT */
#include "report/drillcompare.h"

#include "drillchart.h"
#include "drilltables.h"
#include "drillwords.h"
#include "plain.h"
#include "report/drillhtml.h"
#include "report/drilljson.h"

#include <inttypes.h>
#include <string.h>

enum { TICKS = 10 };

/* --- words -------------------------------------------------------------------------------- */

static void add_name(struct text *out, const struct drillfacts *f)
{
	drillwords_add_title(out, f->drill);
	if (f->drill->source[0] == '\0')
		return;
	text_add(out, " (");
	plain_add(out, f->drill->source);
	text_addc(out, ')');
}

/* "better in detect, gap" of those with this verdict; false if there are none. */
static bool add_names(struct text *out, const struct drillfacts *a, const struct drillfacts *b,
                      int verdict, const char *words)
{
	size_t n = 0;

	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		enum expectation_name name = (enum expectation_name)i;

		if (drilltables_judge(name, a, b) != verdict ||
		    expectation_get(name)->better == EXPECTATION_NEITHER)
			continue;
		text_addf(out, "%s%s", n++ > 0 ? ", " : words, expectation_get(name)->key);
	}
	return n > 0;
}

static bool is_worse(const struct drillfacts *a, const struct drillfacts *b)
{
	for (size_t i = 0; i < EXPECTATION_COUNT; i++)
		if (drilltables_judge((enum expectation_name)i, a, b) < 0)
			return true;
	return false;
}

static void add_verdict(struct text *out, const struct drillfacts *a, const struct drillfacts *b)
{
	AUTO_TEXT worse = { 0 };
	size_t start;
	bool better;

	text_add(out, "B, ");
	add_name(out, b);
	text_add(out, ", is ");
	start = out->len;
	better = add_names(out, a, b, 1, "better in ");
	if (add_names(&worse, a, b, -1, better ? " and worse in " : "worse in "))
		text_add(out, text_str(&worse));
	else if (better)
		text_add(out, " and worse in nothing");
	if (out->len == start)
		text_add(out, "neither better nor worse");
	text_add(out, " than A, ");
	add_name(out, a);
	text_addc(out, '.');
}

/* --- forms -------------------------------------------------------------------------------- */

static void add_drill_markdown(struct text *out, char letter, const struct drillfacts *f)
{
	AUTO_TEXT words = { 0 };

	text_addf(out, "- **%c**: ", letter);
	drillwords_add_title(&words, f->drill);
	text_add(&words, ", ");
	drillwords_add_about(&words, f->drill);
	text_add(&words, ". ");
	drillwords_add_verdict(&words, f);
	drillgrid_escape_markdown(out, text_str(&words));
	text_addc(out, '\n');
}

void drillcompare_write_markdown(const struct drillfacts *a, const struct drillfacts *b,
                                 struct text *out)
{
	struct drillgrid g = { 0 };
	AUTO_TEXT words = { 0 };

	text_add(out, "# Two drills\n\n");
	add_drill_markdown(out, 'A', a);
	add_drill_markdown(out, 'B', b);
	text_add(out, "\n**");
	add_verdict(&words, a, b);
	drillgrid_escape_markdown(out, text_str(&words));
	text_add(out, "**\n\n");
	drilltables_compare(a, b, true, &g);
	drillgrid_write_markdown(&g, out);
	drillgrid_release(&g);
}

static void add_drill_json(struct text *out, const struct drillfacts *f)
{
	text_add(out, "{\"name\":");
	text_add_json(out, f->drill->name);
	text_add(out, ",\"source\":");
	text_add_json(out, f->drill->source);
	text_add(out, ",\"numbers\":");
	drilljson_add_numbers(f, out);
	text_addc(out, '}');
}

void drillcompare_write_json(const struct drillfacts *a, const struct drillfacts *b,
                             struct text *out)
{
	static const char *const words[] = { "worse", "neither", "better" };

	text_add(out, "{\"a\":");
	add_drill_json(out, a);
	text_add(out, ",\"b\":");
	add_drill_json(out, b);
	text_add(out, ",\"b_is\":{");
	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		enum expectation_name n = (enum expectation_name)i;

		text_addf(out, "%s\"%s\":\"%s\"", i > 0 ? "," : "", expectation_get(n)->key,
		          words[drilltables_judge(n, a, b) + 1]);
	}
	text_add(out, "}}\n");
}

void drillcompare_write_view(const struct drillfacts *a, const struct drillfacts *b,
                             unsigned int width, bool colour, struct text *out)
{
	const struct drillfacts *both[] = { a, b };
	struct drillgrid g = { 0 };
	AUTO_TEXT words = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		drillwords_write_title(out, i == 0 ? "A  " : "B  ", both[i]->drill, width, colour);
	text_addc(out, '\n');
	drilltables_compare(a, b, true, &g);
	/* Half a meaning is none: sluice(1) has them, too. */
	if (drillgrid_width(&g) > width) {
		drillgrid_release(&g);
		drilltables_compare(a, b, false, &g);
	}
	drillgrid_write_lines(&g, width, out);
	drillgrid_release(&g);
	text_addc(out, '\n');
	add_verdict(&words, a, b);
	plain_colour(out, colour, PLAIN_BOLD);
	plain_add_folded(out, text_str(&words), 0, width, 0);
	plain_colour(out, colour, PLAIN_RESET);
	text_addc(out, '\n');
}

/* --- one axis for both -------------------------------------------------------------------- */

/* What began the first outage, so that the same thing stands at the same place in both. */
static int64_t zero_of(const struct drillfacts *f)
{
	for (size_t i = 0; i < f->outage_count; i++)
		if (!f->outages[i].early)
			return f->outages[i].fault_ms != DRILLFACTS_UNKNOWN ? f->outages[i].fault_ms
			                                                    : f->outages[i].out_ms;
	return f->drill->from_ms;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void add_drill_html(struct text *out, char letter, const struct drillfacts *f,
                           const struct drillaxis *axis)
{
	AUTO_TEXT words = { 0 };

	text_addf(out, "<section>\n<h2>%c: ", letter);
	drillwords_add_title(&words, f->drill);
	plain_add_html(out, text_str(&words));
	text_clear(&words);
	text_add(out, " <small>");
	drillwords_add_about(&words, f->drill);
	plain_add_html(out, text_str(&words));
	text_clear(&words);
	text_add(out, "</small></h2>\n<p class=\"none\">");
	drillwords_add_verdict(&words, f);
	plain_add_html(out, text_str(&words));
	text_add(out, "</p>\n");
	drillchart_write(f, axis, zero_of(f), out);
	text_add(out, "</section>\n");
}

void drillcompare_write_html(const struct drillfacts *a, const struct drillfacts *b,
                             struct text *out)
{
	int64_t from = least(a->drill->from_ms - zero_of(a), b->drill->from_ms - zero_of(b));
	int64_t to = -least(zero_of(a) - a->drill->to_ms, zero_of(b) - b->drill->to_ms);
	struct drillaxis axis = drillaxis_make(from, to, TICKS);
	struct drillgrid g = { 0 };
	AUTO_TEXT words = { 0 };

	drillhtml_begin("Two drills", out);
	text_addf(out, "<header>\n<h1>Two drills</h1>\n<p class=\"verdict%s\">",
	          is_worse(a, b) ? " bad" : "");
	add_verdict(&words, a, b);
	plain_add_html(out, text_str(&words));
	text_add(out, "</p>\n</header>\n<main>\n<section>\n<h2>Numbers</h2>\n"
	              "<div class=\"scroll\">\n");
	drilltables_compare(a, b, true, &g);
	drillgrid_write_html(&g, "compare", out);
	drillgrid_release(&g);
	text_add(out, "</div>\n</section>\n");
	add_drill_html(out, 'A', a, &axis);
	add_drill_html(out, 'B', b, &axis);
	text_add(out, "<section>\n<h2>Signs <small>times count from what began the first outage "
	              "of each</small></h2>\n");
	drillchart_add_legend(out);
	text_add(out, "</section>\n");
	drillhtml_end(out);
}
