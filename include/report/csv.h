/* SPDX-License-Identifier: MIT */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * `show stat` as HAProxy 2.6 writes it (management manual 9.1): clients read the columns by
 * position, count the commas of each line, and take an empty field for "there is no number".
 */
enum csv_type { CSV_FRONTENDS = 1, CSV_BACKENDS = 2, CSV_SERVERS = 4, CSV_ALL = 7 };

/* Which rows, as in `show stat {<iid>|<proxy>} <type> <sid> [up|no-maint]`. */
struct csv_filter {
	const char *proxy;  /* by name; NULL: see `proxy_id` */
	int64_t proxy_id;   /* -1: every proxy */
	unsigned int types; /* enum csv_type; 0: all */
	int64_t server_id;  /* -1: every server */
	bool hide_down;     /* "up": only servers that are UP */
	bool hide_maint;    /* "no-maint" */
	bool hide_secrets;  /* no `addr` and `algo`: over HTTP, as HAProxy does */
};

/* Header line and a line for each row; no empty line at the end. */
void csv_write(const struct snapshot *s, struct text *out);
/* The same for the rows that `f` lets through; NULL: all. */
void csv_write_filtered(const struct snapshot *s, const struct csv_filter *f, struct text *out);

/* `show stat typed`: "S.2.1.17.status.1:MGP:str:UP", an empty line after each row but the last. */
void csv_write_typed(const struct snapshot *s, const struct csv_filter *f, struct text *out);
/* `show stat json`: an array with an array of fields for each row, on one line. */
void csv_write_json(const struct snapshot *s, const struct csv_filter *f, struct text *out);

/* Does the proxy of the filter exist?  False: HAProxy answers "No such proxy." */
bool csv_filter_matches(const struct snapshot *s, const struct csv_filter *f);

#endif
