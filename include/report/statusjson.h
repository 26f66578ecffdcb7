/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATUSJSON_H
#define REPORT_STATUSJSON_H

#include "base/error.h"
#include "base/text.h"
#include "report/snapshot.h"

/*
 * /v1/status and `sluice status --json`: the whole state as one JSON object, and its reader for
 * the command line.  Keys are stable: they are added, never renamed.
 *
 *   version pid node uptime_s start_time now threads maxconn sessions sessions_total session_rate
 *   session_rate_max stopping bytes_out bytes_out_rate dropped_logs listeners workers[]
 *   predecessors[]: known pid sessions since since_s (those that were upgraded and still have
 *     sessions; not `known`: it has not told yet on which servers)
 *   discovery: known joined elsewhere from last_s failures error (null without cluster.discover;
 *     from and error may be null)
 *   services[]: name id balance bind[] up on_backup panicking usable backup_usable since since_s
 *     sessions sessions_max sessions_limit sessions_total held held_max held_total rate rate_max
 *     bytes_in bytes_out denied connect_errors retries redispatches client_aborts server_aborts
 *     cut replayed asked down_count downtime_s ended{reason: count} tiers
 *     tier_percent[] (of new sessions, the nearest first) servers[]
 *   servers[]: name id address host locality node state health counter rise fall checked admin[]
 *     usable backup tier cross_tier_sessions since since_s cause fault{text meaning left_ms}
 *     weight weight_configured sessions sessions_max sessions_limit sessions_total
 *     sessions_before rate rate_max last_session_s bytes_in bytes_out connected connect_errors
 *     warm warm_used warm_lost
 *     retries redispatches picked client_aborts server_aborts cut replayed asked check_failures
 *     down_count downtime_s queue_ms{average,max} connect_ms{average,max} session_ms{average,max}
 *     check{type code words passed status info duration_ms time age_s running draining} (null
 *     before the first)
 *
 * Times are RFC 3339 in UTC with milliseconds ("2026-11-20T12:12:01.095Z"); *_s are whole seconds.
 * admin[] holds "maint", "maint (configuration)", "drain", "maint (inherited)", "drain
 * (inherited)".
 */
void statusjson_write(const struct snapshot *s, struct text *out);

struct statusjson_server {
	const char *name, *address, *locality; /* locality may be NULL */
	const char *state;                     /* "UP 2/3" */
	enum state_health health;
	bool maint, drain, usable, backup;
	const char *cause;
	const char *fault;     /* "delay 200ms", or NULL */
	int64_t fault_left_ms; /* -1: until somebody ends it */
	const char *since;     /* as it was sent */
	int64_t since_s;
	int64_t weight, sessions, sessions_limit, sessions_total, rate, rate_max;
	int64_t bytes_in, bytes_out, connect_errors, retries, redispatches, cut, server_aborts;
	int64_t down_count;
	int64_t replayed, asked;
	int64_t connect_ms_average, connect_ms_max, last_session_s;
	int64_t sessions_before; /* of predecessors */
	int64_t tier, cross_tier_sessions;
	bool has_check, check_passed, check_running;
	const char *check_code, *check_words, *check_info;
	int64_t check_status, check_duration_ms, check_age_s;
};

struct statusjson_service {
	const char *name, *balance;
	const char *const *binds;
	size_t bind_count;
	bool up, on_backup, panicking;
	int64_t usable, backup_usable, since_s;
	int64_t sessions, sessions_limit, sessions_total, rate, rate_max, bytes_in, bytes_out;
	int64_t denied, connect_errors, retries, redispatches, cut, server_aborts;
	int64_t replayed, asked;
	int64_t held, held_max, held_total;
	int64_t tiers;                   /* at most TIERS_MAX */
	int64_t tier_percent[TIERS_MAX]; /* of new sessions */
	struct statusjson_server *servers;
	size_t server_count;
};

struct statusjson_predecessor {
	bool known;
	int64_t pid, sessions, since_s;
};

/* As struct snapshot_discovery. */
struct statusjson_discovery {
	bool on;
	int64_t known, joined, elsewhere, last_s, failures;
	const char *from, *error; /* either may be NULL */
};

struct statusjson {
	struct mem_arena arena;     /* owns all that is below */
	const char *version, *node; /* node may be NULL */
	int64_t pid, uptime_s, threads, maxconn, sessions, sessions_total, session_rate;
	int64_t session_rate_max, bytes_out, bytes_out_rate, dropped_logs;
	bool stopping;
	const char *now;
	struct statusjson_predecessor *predecessors;
	size_t predecessor_count;
	struct statusjson_discovery discovery;
	struct statusjson_service *services;
	size_t service_count;
};

/*
 * Reads what statusjson_write() wrote, without trusting it: wrong JSON, a missing key or a wrong
 * type is an error that names it; control characters in strings become "?", so that the strings
 * may go to a terminal.  NULL on failure.
 */
struct statusjson *statusjson_read(const char *json, struct error *err) MUST_CHECK;
void statusjson_free(struct statusjson *s); /* NULL is fine */

#endif
