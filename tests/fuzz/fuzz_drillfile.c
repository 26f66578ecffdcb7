/* SPDX-License-Identifier: MIT */
/* LAYERS: conf report core base */
/*
 * Any text as the record of a drill.  Beyond not crashing: what is refused is explained, what is
 * taken is written and read again as the same record, its numbers are never negative but for
 * "unknown", and every form of the report is made of it.
 */
#include "conf/drillfile.h"
#include "core/expectation.h"
#include "report/drillcompare.h"
#include "report/drillhtml.h"
#include "report/drilljson.h"
#include "report/drillmarkdown.h"
#include "report/drillrecord.h"
#include "report/drillview.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void judge_numbers(const struct drillfacts *f)
{
	for (int i = 0; i < EXPECTATION_COUNT; i++) {
		struct expectation_value v;

		expectation_find(f, (enum expectation_name)i, &v);
		must(v.value >= DRILLFACTS_UNKNOWN);
		must(v.value != DRILLFACTS_UNKNOWN || v.where[0] != '\0');
		must(memchr(v.where, '\0', sizeof(v.where)) != NULL);
	}
	for (size_t i = 0; i < f->outage_count; i++) {
		const struct drillfacts_outage *o = &f->outages[i];

		must(o->survived <= o->sessions);
		must(o->began_ms <= o->out_ms);
		must(o->back_ms == DRILLFACTS_UNKNOWN || o->back_ms >= o->out_ms);
	}
}

static void write_all(const struct drillfacts *f)
{
	struct expectation_verdict v;
	struct error err;
	AUTO_TEXT out = { 0 };

	must(expectation_parse("detect<3s,gap<1s,cut=0,share<9%", &v, &err));
	expectation_judge(f, &v);
	drillmarkdown_write(f, &v, &out);
	drilljson_write(f, &v, &out);
	drillview_write(f, &v, 80, DRILLVIEW_COLOUR, &out);
	drillhtml_write(f, &v, &out);
	drillcompare_write_html(f, f, &out);
	drillcompare_write_markdown(f, f, &out);
	drillcompare_write_view(f, f, 80, true, &out);
	must(strlen(text_str(&out)) == out.len);
}

static void read_again(const struct drill *d)
{
	AUTO_TEXT once = { 0 };
	AUTO_TEXT twice = { 0 };
	struct error err;
	struct drill *same;

	drillrecord_write(d, &once);
	same = drillfile_parse(text_str(&once), &err);
	must(same != NULL);
	drillrecord_write(same, &twice);
	must(strcmp(text_str(&once), text_str(&twice)) == 0);
	drill_free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *json = malloc(size + 1);
	struct drillfacts f;
	struct error err = { 0 };
	struct drill *d;

	memcpy(json, data, size);
	json[size] = '\0';
	d = drillfile_parse(json, &err);
	free(json);
	if (d == NULL) {
		must(err.text[0] != '\0');
		return 0;
	}
	read_again(d);
	drillfacts_find(d, &f);
	judge_numbers(&f);
	write_all(&f);
	drillfacts_release(&f);
	drill_free(d);
	return 0;
}
