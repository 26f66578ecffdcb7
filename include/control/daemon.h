/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DAEMON_H
#define CONTROL_DAEMON_H

#include "control/logger.h"
#include "control/roster.h"
#include "engine/crew.h"
#include "report/snapshot.h"

#include <sys/queue.h>

/*
 * What the runtime commands and the HTTP endpoint work on: the running daemon, without knowing how
 * it was started or how it stops.  Control thread only.
 */
struct daemon_follower {
	TAILQ_ENTRY(daemon_follower) link;
	void (*on_event)(struct daemon_follower *f, const struct journal_event *e);
};

TAILQ_HEAD(daemon_followers, daemon_follower);

/* The HTTP endpoints, for their rows in the statistics; set by whoever opened them. */
struct daemon_pages {
	size_t count;
	bool (*report)(void *ctx, size_t i, struct snapshot_http *ret); /* false: it has no row */
	void *ctx;
};

/* Processes that this one has followed and that still have sessions; set by whoever hears them. */
struct daemon_predecessors {
	/* At most `most` of them; returns how many.  NULL: there are none, and so for the rest. */
	size_t (*list)(void *ctx, struct snapshot_predecessor *ret, size_t most);
	/* Ends what they have on a server. */
	void (*end_sessions)(void *ctx, const struct topology_server *s);
	/* False: the session cannot be one of theirs. */
	bool (*kill)(void *ctx, uint64_t id);
	void *ctx;
};

/* Nodes that the cluster tells; set by whoever asks it. */
struct daemon_discovery {
	void (*report)(void *ctx, struct snapshot_discovery *ret); /* NULL: nobody asks */
	void *ctx;
};

struct faults;    /* control/faults.h */
struct drillbook; /* control/drillbook.h */
struct live;      /* live.h */

/* Reading the configuration again; set by whoever can. */
struct daemon_reload {
	/* Only shows what would change, if `dry`; the answer has whole lines. */
	void (*run)(void *ctx, bool dry, struct text *answer);
	void *ctx;
};

/* Starting the program again in this process's place; set by whoever can. */
struct daemon_upgrade {
	void (*run)(void *ctx, struct text *answer);
	bool (*has_handed_over)(void *ctx); /* what is changed here now, nobody will know */
	void *ctx;
};

struct daemon {
	struct topology *topology;
	struct crew *crew;
	struct roster *roster;
	struct journal *journal;
	struct logger *logger;
	struct faults *faults;
	struct drillbook *drillbook;
	struct live *live; /* for dashboards */
	struct daemon_followers followers;
	struct daemon_pages pages;
	struct daemon_predecessors predecessors;
	struct daemon_discovery discovery;
	struct daemon_upgrade upgrade; /* run NULL: it cannot be */
	struct daemon_reload reload;   /* run NULL: there is nothing to read again */
	int64_t start_ms, start_wall_ms;
	uint32_t maxconn;
	uint64_t nofile;
	bool trusted;   /* anybody on this host may change things over HTTP, without a password */
	bool accepting; /* clients are served: false until the first checks are over */
	bool stopping;
	uint64_t conn_rate, conn_rate_max, last_accepted;
	uint64_t bytes_out_rate, last_bytes_out;
	char node[256]; /* as configured, or the host name */
	/* What commands set: processcalls.c.  Rates of 0 are no limit. */
	bool limits_changed; /* before, the rates are the settings' and hard_maxconn is 0 */
	uint32_t conn_rate_limit, session_rate_limit;
	uint32_t hard_maxconn; /* `maxconn` at the start, which is the most it can be */
};

/* Everything, as it is now; snapshot_free() it. */
struct snapshot *daemon_snapshot(struct daemon *c);

/*
 * Has no session any more that is on `s`, or waits for it, neither here nor in the processes before
 * this one?  No as long as one of these has not told.
 */
bool daemon_is_free(const struct daemon *c, struct topology_server *s);
/* `shutdown sessions server`, `shutdown session`, everywhere; false: there were none. */
bool daemon_end_sessions(struct daemon *c, const struct topology_server *s);
bool daemon_kill(struct daemon *c, uint64_t id);
/* Another process has what this one knew: a change would be lost, and is to be refused. */
bool daemon_has_handed_over(const struct daemon *c);

/* Tells all followers.  A follower may leave from inside its callback. */
void daemon_publish(struct daemon *c, const struct journal_event *e);
void daemon_follow(struct daemon *c, struct daemon_follower *f);
void daemon_unfollow(struct daemon *c, struct daemon_follower *f);

/* Once a second: rates of the process. */
void daemon_sample(struct daemon *c);

#endif
