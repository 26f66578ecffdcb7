/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DISCOVERYPARTS_H
#define CONTROL_DISCOVERYPARTS_H

#include "base/rng.h"
#include "base/url.h"
#include "core/nodeguard.h"
#include "discovery.h"
#include "nodeasker.h"
#include "report/snapshot.h"

#include <ev.h>

/* What the files of control/discovery.h share. */

/* --- discovery_places.c: whom to ask ------------------------------------------------------- */

struct discovery_place {
	char *url;
	bool is_seed;
};

struct discovery_places {
	struct discovery_place *at; /* of this round */
	size_t count, next;
	size_t seed;                  /* the one that answered last, of those in the file */
	size_t node;                  /* where the next round goes on among the known nodes */
	char name[URL_AUTHORITY_MAX]; /* of the one that is asked */
};

/* For a new round. */
void discovery_places_fill(struct discovery_places *p, const struct settings *s);
void discovery_places_clear(struct discovery_places *p);
/* NULL: all have been asked. */
const struct discovery_place *discovery_places_next(struct discovery_places *p);
/* The one that was asked last. */
const struct discovery_place *discovery_places_at(const struct discovery_places *p);
/* That one told a good list. */
void discovery_places_answered(struct discovery_places *p);

/* --- discovery.c -------------------------------------------------------------------------- */

enum discovery_kind {
	DISCOVERY_WELL,
	DISCOVERY_SILENT, /* nobody answers as a cluster does */
	DISCOVERY_DENIED, /* the session is none, or has expired */
	DISCOVERY_UNFIT   /* the list cannot be used */
};

struct discovery_trouble {
	enum discovery_kind kind;
	struct error why;
	char name[URL_AUTHORITY_MAX]; /* who made it */
	bool had_session;             /* ... and was shown one */
};

struct discovery {
	struct supervisor *s;
	discovery_take *take;
	struct tls_context *tls;
	struct rng rng;
	ev_timer next;

	/* The round that runs. */
	uint64_t round;
	struct discovery_places places;
	struct nodeasker *asker; /* NULL: none is asked */
	char *session;           /* that was shown to the one asked last; or NULL */
	bool good;               /* a list was believed */
	struct discovery_trouble trouble;

	struct nodeguard guard;
	uint32_t failed_rounds; /* in a row */
	/* A list that is to come into force. */
	bool is_waiting;
	struct mem_arena waiting_arena;
	struct settings_nodes waiting;
	struct mem_arena leavers_arena;
	struct settings_nodes leavers; /* on their way out, by the last list: nodeset_reason() */
	int64_t idle_ms;  /* tick_ms() when one that leaves was seen without sessions; 0: none is */
	int64_t taken_ms; /* tick_ms() when that last happened */

	/* The file that keeps it. */
	bool keeps, told_unkept;
	int64_t touched_ms;

	/* What is shown. */
	int64_t told_ms, told_wall_ms; /* of the last list that was believed; 0: none */
	char from[URL_HOST_MAX + URL_PATH_MAX];
	uint64_t failures;
	struct discovery_trouble told; /* as it was told last */
};

/* --- discovery_leave.c -------------------------------------------------------------------- */

/* The servers of nodes that have sessions, and that stay if the cluster does not tell them. */
void discovery_leave(const struct discovery *d, struct mem_arena *arena,
                     struct settings_nodes *ret);
/* Has the last session of one that leaves ended? */
bool discovery_has_left(struct discovery *d);
/* What was taken over, and what was there before. */
void discovery_tell_change(struct discovery *d, const struct settings *before);

/* --- discovery_tell.c --------------------------------------------------------------------- */

/* Somebody could not be asked, or told something odd.  What weighs most in a round counts. */
void discovery_trouble(struct discovery *d, enum discovery_kind kind, const char *what,
                       const struct error *err);
/* The round has failed. */
void discovery_tell_trouble(struct discovery *d);
/* It has not. */
void discovery_tell_well(struct discovery *d);
/* There is nothing to be discovered any more. */
void discovery_forget(struct discovery *d);
void discovery_report(void *ctx, struct snapshot_discovery *ret);

#endif
