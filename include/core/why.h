/* SPDX-License-Identifier: MIT */
#ifndef CORE_WHY_H
#define CORE_WHY_H

#include "base/text.h"
#include "core/checklog.h"
#include "core/fault.h"
#include "core/settings.h"

/*
 * Why a server is in its state, in words: what is so, since when, the rule that decided, what
 * changes it by itself, and what an operator can do.  Pure: whoever asks collects the facts.  Names
 * and words are written as they are; they must hold no control characters.
 */
struct why_facts {
	const char *service, *server;
	struct state state;
	struct state_limits limits;
	int64_t age_ms;    /* of the state */
	const char *cause; /* of its last change, in words; may be "" */

	/* Of its checks; of a server that tracks another one, those of that one. */
	const struct settings_check *check;
	const char *target;    /* the node that is checked, or "service/server" */
	const char *where;     /* "10.0.0.1:8080": what checks connect to */
	const char *last;      /* what the last one found, in words; "": there was none */
	const char *last_bad;  /* the last failed one; "": none that is remembered */
	enum probe_code bad;   /* of that one */
	bool bad_draining;     /* ... it is in drain_status */
	int64_t next_check_ms; /* until the next; 0: one runs, -1: none will */
	const struct checklog_entry *decided; /* what made its health what it is; NULL: not known */
	const char *decided_words;            /* what that check found */
	const char *tracked;                  /* "service/server" that it tracks; NULL: none */
	bool check_disabled;                  /* by a command */

	const char *agent; /* what its agent said last, "": nothing yet; NULL: it has none */
	bool agent_disabled;

	const char *host; /* as configured */
	bool has_address;
	uint32_t weight, weight_configured;
	uint32_t ramp;                      /* per cent of its share; below 100 under slowstart */
	uint32_t sessions, maxconn, queued; /* maxconn 0: no limit */
	int64_t drain_left_ms;              /* until what is left on it is ended; -1: never */
	bool observed;
	uint32_t errors, error_limit; /* of observed sessions, in a row */
	enum settings_on_error on_error;

	bool backup;
	const char *before_it; /* a backup that is chosen before this one; NULL: none */
	uint32_t actives;      /* usable servers of the service that are no backups */
	uint32_t tiers, tier;  /* core/tiers.h: how many there are, and its own */
	uint32_t tier_share;   /* of new sessions, that its tier takes now, in 1/TIERS_ALL */
	bool panicking;        /* the service */
	bool pressed;          /* it takes sessions because of that */
	struct fault fault;    /* on the way to it */
	int64_t fault_left_ms; /* until it ends by itself; -1: it does not */

	bool discovered;               /* the cluster told it; nobody wrote it */
	const char *told_by;           /* the URL that told it last; NULL: a list that was kept */
	int64_t told_ms;               /* since then */
	enum settings_leaving leaving; /* the cluster told it before */
};

/* Does it get new sessions now? */
bool why_gets_sessions(const struct why_facts *f);

/* One sentence without a full stop. */
void why_verdict(const struct why_facts *f, struct text *out);

/* One sentence a line: what is checked and what counts, then whatever else holds for it. */
void why_rules(const struct why_facts *f, struct text *out);

#endif
