/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LOGROUTE_H
#define CONTROL_LOGROUTE_H

#include "base/log.h"
#include "core/settings.h"
#include "net/logsink.h"

#include <pthread.h>

/*
 * The log targets of a configuration, each open once: lists that are alike share them, so that
 * one `sample` counts all lines of a target and no line comes twice.  Lines may come from any
 * thread.
 */
struct logroute_target {
	const struct settings_log *settings;
	struct logsink *sink;
	struct logroute_target *lender; /* whose `sink` it is until logroute_take_over(), or NULL */
	uint32_t number;                /* of the last line among `sample_size`, 1.. */
	bool console;                   /* HAProxy's terminal */
};

/* Where some lines go; belongs to its set. */
struct logroute {
	struct logroute_target **targets;
	size_t count;
	struct logroute *next;
};

struct logroute_set {
	pthread_mutex_t lock; /* a sink is for one thread at a time */
	struct logroute_target **targets;
	size_t count;
	struct logroute *routes;
	const struct logroute_set *before; /* whose open targets may be used, or NULL */
	uint64_t dropped;                  /* by targets that are no more */
};

/*
 * `before`: the set that this one will replace.  Targets that are alike stay open and become this
 * set's with logroute_take_over(), while no other thread writes; until then it must not be written
 * to, and releasing it closes only what it has opened itself.
 */
void logroute_init(struct logroute_set *set, const struct logroute_set *before);
void logroute_take_over(struct logroute_set *set);
void logroute_release(struct logroute_set *set);

/* The error names the target. */
bool logroute_add(struct logroute_set *set, const struct settings_log *logs, size_t count,
                  const struct logroute **ret, struct error *err) MUST_CHECK;

/* True if the target's level and sample let it pass. */
bool logroute_write(struct logroute_set *set, struct logroute_target *t, enum log_level level,
                    int64_t wall_ms, const char *line);

/* Opens files again after a rotation; failures are logged. */
void logroute_reopen(struct logroute_set *set);
uint64_t logroute_dropped(const struct logroute_set *set);

#endif
