/* SPDX-License-Identifier: MIT */
#include "report/drillmarkdown.h"

#include "drilltables.h"
#include "drillwords.h"

static void add_escaped(struct text *out, struct text *words)
{
	drillgrid_escape_markdown(out, text_str(words));
	text_clear(words);
}

static void add_table(struct text *out, const char *head, struct drillgrid *g)
{
	if (drillgrid_rows(g) > 0) {
		text_addf(out, "\n## %s\n\n", head);
		drillgrid_write_markdown(g, out);
	}
	drillgrid_release(g);
}

static void add_meanings(struct text *out)
{
	static const enum expectation_name names[] = {
		EXPECTATION_NOTICED,    EXPECTATION_DETECT, EXPECTATION_LASTNEW,
		EXPECTATION_REBALANCED, EXPECTATION_GAP,    EXPECTATION_NOSERVER,
	};
	static const char *const words[] = { "Noticed",    "Detected",    "Last new",
		                             "Even after", "Longest gap", "No server" };

	text_add(out, "\n## What the numbers mean\n\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		text_addf(out, "- **%s**: %s.\n", words[i], expectation_get(names[i])->meaning);
	text_add(out, "- **Sessions** were on the server as it began; **cut** ended by a reset, a "
	              "time-out or the balancer; **asked** were closed between transactions; "
	              "**survived** is the rest.\n"
	              "- **Moved** connects went on to another server; **held** clients waited for "
	              "one, at most at a time.\n"
	              "- A dash stands for what the record does not tell.\n");
}

void drillmarkdown_write(const struct drillfacts *f, const struct expectation_verdict *v,
                         struct text *out)
{
	struct drillgrid g = { 0 };
	AUTO_TEXT words = { 0 };

	text_add(out, "# Drill ");
	drillwords_add_title(&words, f->drill);
	add_escaped(out, &words);
	text_add(out, "\n\n");
	drillwords_add_about(&words, f->drill);
	add_escaped(out, &words);
	text_add(out, "\n\n**");
	drillwords_add_verdict(&words, f);
	add_escaped(out, &words);
	text_add(out, "**\n");
	if (v != NULL) {
		drilltables_expectations(v, &g);
		add_table(out, v->failed > 0 ? "Expected: FAILED" : "Expected: ok", &g);
	}
	drilltables_outages(f, &g);
	add_table(out, "Outages", &g);
	drilltables_services(f, &g);
	add_table(out, "Services", &g);
	drilltables_timeline(f->drill, &g);
	add_table(out, "What happened", &g);
	add_meanings(out);
}
