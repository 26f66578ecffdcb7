/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPVIEWPARTS_H
#define CLI_TOPVIEWPARTS_H

#include "cli/toprows.h"
#include "cli/toptable.h"

/* The parts of cli/topview.h: one for each tab, and the words that they share. */
struct topview_pen {
	struct topgrid *g;
	const struct topmodel *m; /* its status is not NULL where a part is drawn */
	const struct topstate *s;
	int64_t now_ms;
};

/* --- topview_words.c: each appends to `out` ----------------------------------------------- */

/* How a server looks: the glyph and the words of its state tell as much as the colour. */
struct topview_look {
	unsigned int style;
	const char *glyph;
};
struct topview_look topview_look_of(const struct topview_pen *p, const struct statusjson_server *s);

/* The last check, with its time and its age if `width` columns have room for them. */
void topview_add_check(const struct topview_pen *p, const struct statusjson_server *s,
                       unsigned int width, struct text *out);
/* What new sessions a second were in the last `width` bins; `most` is the top of the scale. */
void topview_add_spark(const struct topview_pen *p, const char *service, const char *server,
                       unsigned int width, int64_t most, struct text *out);
/* Nothing if there is no limit. */
void topview_add_bar(const struct topview_pen *p, int64_t n, int64_t limit, unsigned int width,
                     struct text *out);
void topview_add_duration(int64_t ms, struct text *out);               /* "7 ms", "1.2s", "4m12s" */
void topview_add_age(int64_t seconds, struct text *out);               /* "4m12s" */
void topview_add_bytes(int64_t bytes, struct text *out);               /* "1.2 MB" */
void topview_add_count(int64_t n, const char *noun, struct text *out); /* "2 sessions" */
/* "n1", or "n1 (b)" of a backup. */
void topview_add_name(const struct statusjson_server *s, struct text *out);

/* --- topview_foot.c ----------------------------------------------------------------------- */

/*
 * The last row: keys, what was said, what is typed.  And what lies over the end of the `height`
 * rows from `top` on: the help, a question, all of a row.
 */
void topview_draw_foot(const struct topview_pen *p, const struct toprows *rows, unsigned int top,
                       unsigned int height);

/* --- a tab: its columns, the one that it is sorted by, and its rows ------------------------ */

struct topview_part {
	/* Fills `t` and shares it; returns the number of the column that is sorted by. */
	size_t (*lay_out)(const struct topview_pen *p, const struct toprows *rows,
	                  struct toptable *t);
	void (*draw)(const struct topview_pen *p, const struct toptable *t, unsigned int row,
	             const struct toprows_row *what);
};

const struct topview_part *topview_services_part(void);
const struct topview_part *topview_sessions_part(void);
const struct topview_part *topview_events_part(void);
const struct topview_part *topview_process_part(void);

#endif
