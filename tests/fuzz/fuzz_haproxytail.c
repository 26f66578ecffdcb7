/* SPDX-License-Identifier: MIT */
/* LAYERS: cli conf report net core base */
/*
 * Any bytes as a log of HAProxy, and as its answer to `show stat`, given to a recorder.  Beyond not
 * crashing: the record is whole and reads as one that the program wrote.
 */
#include "base/text.h"
#include "cli/haproxyrec.h"
#include "cli/haproxytail.h"
#include "conf/drillfile.h"
#include "report/drillrecord.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char begin[] = "Pid: 1\n# pxname,svname,scur,stot,econ,wretr,wredis,status,weight,"
                            "type,srv_abrt\npsql,n1,1,2,0,0,0,UP,1,2,0\n"
                            "psql,BACKEND,1,2,0,0,0,UP,1,1,0\n";
static const int64_t now_ms = 1795176721095;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_line(struct haproxyrec *r, const char *line)
{
	struct haproxytail_line l;

	haproxyrec_line(r, now_ms, line);
	if (!haproxytail_read(line, now_ms, &l))
		return;
	must(l.kind != HAPROXYTAIL_OTHER && l.service[0]);
	must(l.wall_ms >= now_ms - 61000 && l.wall_ms <= now_ms + 61000);
	must(memchr(l.text, '\0', sizeof(l.text)) != NULL);
}

static void judge(struct haproxyrec *r)
{
	struct drill *d = haproxyrec_finish(r, now_ms + 1000);
	struct drill *again;
	struct error err;
	AUTO_TEXT json = { 0 };

	drillrecord_write(d, &json);
	again = drillfile_parse(text_str(&json), &err);
	must(again != NULL && again->samples == d->samples && again->event_count == d->event_count);
	drill_free(again);
	drill_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct haproxyrec_options o = {
		.name = "f", .where = "s", .every_ms = 250, .from_ms = now_ms, .has_log = true
	};
	struct haproxyrec *r = haproxyrec_new(&o);
	char *text = malloc(size + 1);
	char *end;

	memcpy(text, data, size);
	text[size] = '\0';
	must(haproxyrec_first(r, begin, NULL));
	(void)!haproxyrec_poll(r, now_ms + 250, text, NULL);
	for (char *line = text; line != NULL; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		read_line(r, line);
	}
	must(haproxyrec_poll(r, now_ms + 750, begin, NULL));
	judge(r);
	haproxyrec_free(r);
	free(text);
	return 0;
}
