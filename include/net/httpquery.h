/* SPDX-License-Identifier: MIT */
#ifndef NET_HTTPQUERY_H
#define NET_HTTPQUERY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What stands behind the path of a request, and what a form posts: name=value pairs (WHATWG URL,
 * "application/x-www-form-urlencoded"), and the options that HAProxy's statistics page takes in
 * its address.  Pure functions over any bytes.
 */

/*
 * The next pair of `*rest`, which is cut at '&' and moved on; "%41" and "+" are decoded in place.
 * A pair without '=' has the value "".  False when there is no more.  A bad escape stands for
 * itself; "%00" stays as it is, so that strings end where their bytes end.
 */
bool httpquery_next(char **rest, char **name, char **value);

/* The value of the first pair of that name whose value fits, decoded and terminated, or false. */
bool httpquery_find(const char *query, const char *name, char *ret, size_t size);

enum { HTTPQUERY_SCOPE_MAX = 20 }; /* longer ones are cut, as HAProxy's */

/* ";up;norefresh;csv;scope=psql;st=DONE" or "?scope=psql", wherever they stand. */
struct httpquery_stats {
	enum httpquery_form {
		HTTPQUERY_HTML,
		HTTPQUERY_CSV,
		HTTPQUERY_TYPED,
		HTTPQUERY_JSON,
		HTTPQUERY_SCHEMA
	} form;
	bool up, no_maint, norefresh;
	char scope[HTTPQUERY_SCOPE_MAX + 1]; /* decoded; "": none */
	char outcome[5];                     /* the four letters after "st=", or "" */
};

/* `rest`: the request's target after the address of the page. */
void httpquery_parse_stats(const char *rest, size_t len, struct httpquery_stats *ret);

/* RFC 4648 section 4 with padding; false if it is not base64 or too long.  `ret` is terminated. */
bool httpquery_base64(const char *s, size_t len, char *ret, size_t size);

#endif
