/* SPDX-License-Identifier: MIT */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * `show stat` as HAProxy 2.6 writes it (management manual 9.1): clients read the columns by
 * position, count the commas of each line, and take an empty field for "there is no number".
 */
enum csv_type {
	CSV_FRONTENDS = 1,
	CSV_BACKENDS = 2,
	CSV_SERVERS = 4,
	CSV_LISTENERS = 8,
	CSV_ALL = 15
};

/* Which rows, as in `show stat {<iid>|<proxy>} <type> <sid> [up|no-maint]`. */
struct csv_filter {
	const char *proxy;  /* by name; NULL: see `proxy_id` */
	int64_t proxy_id;   /* -1: every proxy */
	unsigned int types; /* enum csv_type; 0: all */
	int64_t server_id;  /* -1: every server */
	bool hide_down;     /* "up": no servers that are down or in maintenance */
	bool hide_maint;    /* "no-maint" */
	bool hide_secrets;  /* no `addr` and `algo`: over HTTP, as HAProxy does */
	const char *scope;  /* part of the proxy's name, in any case; NULL: every proxy */
	const struct settings_strings *proxies; /* those alone; NULL or none: every proxy */
	const char *self;                       /* what "." means among them, or NULL */
};

/* Header line and a line for each row that `f` lets through (NULL: all); no empty line after. */
void csv_write(const struct snapshot *s, const struct csv_filter *f, struct text *out);

/*
 * `show stat typed`: "S.2.1.17.status.1:SGP:str:UP"; `described`, as in `show stat typed desc`:
 * each followed by :"what it is".
 */
void csv_write_typed(const struct snapshot *s, const struct csv_filter *f, bool described,
                     struct text *out);
/* `show stat json`: an array with an array of fields for each row, on one line. */
void csv_write_json(const struct snapshot *s, const struct csv_filter *f, struct text *out);

/* Does the filter let through this row?  Down and maintenance hide servers alone. */
bool csv_filter_passes(const struct csv_filter *f, const struct snapshot_row *r);

/*
 * The status as HAProxy shows it to somebody who hides servers: that of a BACKEND tells of how many
 * servers how many are up, "UP (2/3)".
 */
void csv_add_status(const struct csv_filter *f, const struct snapshot_row *r, struct text *out);

/* Does the proxy of the filter exist?  False: HAProxy answers "No such proxy." */
bool csv_filter_matches(const struct snapshot *s, const struct csv_filter *f);

#endif
