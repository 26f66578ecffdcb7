/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPMODEL_H
#define CLI_TOPMODEL_H

#include "core/journal.h"
#include "report/sessionline.h"
#include "report/statusjson.h"

/*
 * What `sluice top` knows of the daemon: the last status, the sessions, the journal, and the rates
 * that it has seen itself.  It is told the time (milliseconds of a clock that does not jump) and
 * reads none.  Strings in it hold no control characters: their readers took them out.
 */
enum topmodel_link {
	TOPMODEL_CONNECTING, /* there was no answer yet */
	TOPMODEL_LIVE,
	TOPMODEL_LOST
};

enum {
	TOPMODEL_EVENTS = 1024, /* that are kept */
	TOPMODEL_BINS = 60,     /* of a trace */
	TOPMODEL_BIN_MS = 5000
};

/* New sessions a second of the process, a service or a server. */
struct topmodel_trace {
	char *path;                   /* "", "psql", "psql/n1" */
	int64_t bin;                  /* number of the newest one: time / TOPMODEL_BIN_MS */
	int64_t oldest;               /* ... of the oldest that was seen */
	int64_t rates[TOPMODEL_BINS]; /* the greatest in it; bin number modulo TOPMODEL_BINS */
};

struct topmodel {
	enum topmodel_link link;
	int64_t lost_ms; /* since when, if it is lost */
	char why[496];   /* ... and the reason, and maybe a cure on a second line */

	struct statusjson *status; /* NULL before the first */
	int64_t status_ms;         /* when it came */

	struct sessionline *sessions;
	size_t session_count;
	bool sessions_known;
	char sessions_refused[200]; /* why they are not; "" */

	struct journal_event *events; /* oldest first */
	size_t event_count;
	uint64_t event_last; /* number of the last one of this daemon, 0: none */

	struct topmodel_trace *traces;
	size_t trace_count;
	size_t trace_hint;
};

/* Begins with {0}. */
void topmodel_release(struct topmodel *m);

/* The status becomes the model's.  A daemon that has started since has a journal of its own. */
void topmodel_take_status(struct topmodel *m, struct statusjson *status, int64_t now_ms);

/* The array becomes the model's, to free(). */
void topmodel_take_sessions(struct topmodel *m, struct sessionline *sessions, size_t count);
/* They may not be seen, or not be read, for that reason. */
void topmodel_refuse_sessions(struct topmodel *m, const char *why);

void topmodel_add_event(struct topmodel *m, const struct journal_event *e);

/* The daemon does not answer.  Since when does not change while it is lost. */
void topmodel_lose(struct topmodel *m, const char *why, int64_t now_ms);

/*
 * The rates of the `count` bins that end with the present one, oldest first; -1 where none was
 * seen.  `service` and `server` may be NULL: of the process, of the service.
 */
void topmodel_rates(const struct topmodel *m, const char *service, const char *server,
                    int64_t now_ms, size_t count, int64_t *ret);

/* The greatest rate of one of the service's servers that is remembered; at least 1. */
int64_t topmodel_most_rate(const struct topmodel *m, const char *service);

/* Seconds since the status was true: what is added to its ages. */
int64_t topmodel_age_s(const struct topmodel *m, int64_t now_ms);

/* Is it up, or not checked, and nothing else: not on its way down, drained, under maintenance? */
bool topmodel_is_up(const struct statusjson_server *s);
/* Is it not, or is there a fault on it? */
bool topmodel_is_trouble(const struct statusjson_server *s);

/* By names; NULL if the status has none. */
const struct statusjson_service *topmodel_service(const struct topmodel *m, const char *service);
const struct statusjson_server *topmodel_server(const struct topmodel *m, const char *service,
                                                const char *server);

#endif
