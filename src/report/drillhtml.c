/* SPDX-License-Identifier: MIT */
#include "report/drillhtml.h"

#include "drillchart.h"
#include "drillstyle.h"
#include "drilltables.h"
#include "drillwords.h"
#include "plain.h"

enum { TICKS = 10 };

static void add_escaped(struct text *out, struct text *words)
{
	plain_add_html(out, text_str(words));
	text_clear(words);
}

void drillhtml_begin(const char *title, struct text *out)
{
	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	plain_add_html(out, title);
	text_addf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", drillstyle_css);
	drillchart_add_patterns(out);
}

void drillhtml_end(struct text *out)
{
	text_add(out, "</main>\n<footer>Times are counted from the beginning; a dash stands for "
	              "what the record does not tell.</footer>\n</body>\n</html>\n");
}

static void add_head(const struct drillfacts *f, const struct expectation_verdict *v,
                     struct text *out)
{
	bool good = v != NULL ? v->failed == 0 : drillwords_is_clean(f);
	AUTO_TEXT words = { 0 };

	text_add(out, "<header>\n<h1><small>Drill</small> ");
	drillwords_add_title(&words, f->drill);
	add_escaped(out, &words);
	text_add(out, "</h1>\n<p class=\"about\">");
	drillwords_add_about(&words, f->drill);
	add_escaped(out, &words);
	text_addf(out, "</p>\n<p class=\"verdict%s\">", good ? "" : " bad");
	if (v != NULL)
		text_add(out, good ? "<b>\u2714 as expected</b>" : "<b>\u2716 not as expected</b>");
	drillwords_add_verdict(&words, f);
	add_escaped(out, &words);
	text_add(out, "</p>\n</header>\n<main>\n");
}

static void add_expectations(const struct expectation_verdict *v, struct text *out)
{
	text_add(out, "<section>\n<h2>Expected</h2>\n<ul class=\"expected\">\n");
	for (size_t i = 0; i < v->count; i++) {
		AUTO_TEXT words = { 0 };

		text_add(out, v->ok[i] ? "<li><b>\u2714 ok</b> "
		                       : "<li class=\"failed\"><b>\u2716 FAILED</b> ");
		drillwords_add_expectation(&words, v, i);
		add_escaped(out, &words);
		text_add(out, "</li>\n");
	}
	text_add(out, "</ul>\n</section>\n");
}

static void add_charts(const struct drillfacts *f, struct text *out)
{
	const struct drill *d = f->drill;
	struct drillaxis axis = drillaxis_make(0, d->to_ms - d->from_ms, TICKS);

	text_add(out, "<section>\n<h2>Over time</h2>\n");
	drillchart_write(f, &axis, d->from_ms, out);
	drillchart_add_legend(out);
	text_add(out, "</section>\n");
}

static void add_table(struct drillgrid *g, const char *head, const char *class, struct text *out)
{
	if (drillgrid_rows(g) > 0) {
		text_addf(out, "<section>\n<h2>%s</h2>\n<div class=\"scroll\">\n", head);
		drillgrid_write_html(g, class, out);
		text_add(out, "</div>\n</section>\n");
	}
	drillgrid_release(g);
}

static void add_meanings(struct text *out)
{
	text_add(out, "<section>\n<h2>What the numbers mean</h2>\n<dl>\n");
	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		const struct expectation_info *info = expectation_get((enum expectation_name)i);

		text_addf(out, "<dt>%s</dt><dd>%s</dd>\n", info->key, info->meaning);
	}
	text_add(out, "</dl>\n</section>\n");
}

void drillhtml_write(const struct drillfacts *f, const struct expectation_verdict *v,
                     struct text *out)
{
	struct drillgrid g = { 0 };
	AUTO_TEXT title = { 0 };

	text_add(&title, "Drill ");
	drillwords_add_title(&title, f->drill);
	drillhtml_begin(text_str(&title), out);
	add_head(f, v, out);
	if (v != NULL)
		add_expectations(v, out);
	add_charts(f, out);
	drilltables_outages(f, &g);
	add_table(&g, "Outages", "outages", out);
	drilltables_services(f, &g);
	add_table(&g, "Services", "services", out);
	drilltables_timeline(f->drill, &g);
	add_table(&g, "What happened", "timeline", out);
	add_meanings(out);
	drillhtml_end(out);
}
