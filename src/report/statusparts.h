/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATUSPARTS_H
#define REPORT_STATUSPARTS_H

#include "report/snapshot.h"

/*
 * What /v1/status and the patches of it have in common: which numbers there are, X(key, source),
 * and how a value is written that is more than a number or a string.  AGE() has those that are
 * another every second although nothing has happened: no patch tells them.
 */
#define STATUSPARTS_COMMON(X, AGE, s)                                                              \
	X(sessions_total, (s)->count[COUNTER_SESSIONS])                                            \
	X(bytes_in, (s)->count[COUNTER_BYTES_IN])                                                  \
	X(bytes_out, (s)->count[COUNTER_BYTES_OUT])                                                \
	X(connect_errors, (s)->count[COUNTER_CONNECT_ERRORS])                                      \
	X(retries, (s)->count[COUNTER_RETRIES])                                                    \
	X(redispatches, (s)->count[COUNTER_REDISPATCHES])                                          \
	X(cut, (s)->count[COUNTER_CUT])                                                            \
	X(server_aborts, (s)->count[COUNTER_SERVER_ABORTS])                                        \
	X(replayed, (s)->count[COUNTER_REPLAYED])                                                  \
	X(asked, (s)->count[COUNTER_ASKED])                                                        \
	X(sessions, (s)->sessions)                                                                 \
	X(sessions_limit, (s)->maxconn)                                                            \
	X(rate, (s)->rate)                                                                         \
	X(rate_max, (s)->rate_max)                                                                 \
	AGE(since_s, (s)->age_ms / 1000)

#define STATUSPARTS_SERVER(X, AGE, s)                                                              \
	STATUSPARTS_COMMON(X, AGE, s)                                                              \
	X(sessions_before, (s)->sessions_before)                                                   \
	X(tier, (s)->tier)                                                                         \
	X(cross_tier_sessions, (s)->count[COUNTER_FAR])                                            \
	X(weight, (s)->weight)                                                                     \
	AGE(last_session_s, (s)->last_session_s)                                                   \
	X(down_count, (s)->down_count)

#define STATUSPARTS_SERVICE(X, AGE, s)                                                             \
	STATUSPARTS_COMMON(X, AGE, s)                                                              \
	X(denied, (s)->count[COUNTER_DENIED])                                                      \
	X(held, (s)->held)                                                                         \
	X(held_max, (s)->held_max)                                                                 \
	X(held_total, (s)->count[COUNTER_HELD])                                                    \
	X(tiers, (s)->tier_count)                                                                  \
	X(usable, (s)->active_usable)                                                              \
	X(backup_usable, (s)->backup_usable)

#define STATUSPARTS_PREDECESSOR(X, p)                                                              \
	X(pid, (p)->pid)                                                                           \
	X(sessions, (p)->sessions)

#define STATUSPARTS_PROCESS(X, AGE, p)                                                             \
	X(pid, (p)->pid)                                                                           \
	AGE(uptime_s, ((p)->now_ms - (p)->start_ms) / 1000)                                        \
	X(threads, (p)->threads)                                                                   \
	X(maxconn, (p)->maxconn)                                                                   \
	X(sessions, (p)->connections)                                                              \
	X(sessions_total, (p)->connections_total)                                                  \
	X(session_rate, (p)->conn_rate)                                                            \
	X(session_rate_max, (p)->conn_rate_max)                                                    \
	X(bytes_out, (p)->bytes_out_total)                                                         \
	X(bytes_out_rate, (p)->bytes_out_rate)                                                     \
	X(dropped_logs, (p)->dropped_logs)

/* Further ones, which the command line does not read. */
#define STATUSPARTS_SERVER_MORE(X, s)                                                              \
	X(weight_configured, (s)->weight_initial)                                                  \
	X(sessions_max, (s)->sessions_max)                                                         \
	X(connected, (s)->count[COUNTER_CONNECTED])                                                \
	X(warm, (s)->warm)                                                                         \
	X(warm_used, (s)->count[COUNTER_WARM_USED])                                                \
	X(warm_lost, (s)->count[COUNTER_WARM_LOST])                                                \
	X(picked, (s)->count[COUNTER_PICKED])                                                      \
	X(client_aborts, (s)->count[COUNTER_CLIENT_ABORTS])                                        \
	X(check_failures, (s)->check_failures)                                                     \
	X(downtime_s, (s)->downtime_ms / 1000)

#define STATUSPARTS_SERVICE_MORE(X, s)                                                             \
	X(sessions_max, (s)->sessions_max)                                                         \
	X(client_aborts, (s)->count[COUNTER_CLIENT_ABORTS])                                        \
	X(down_count, (s)->down_count)                                                             \
	X(downtime_s, (s)->downtime_ms / 1000)

/* Values, without their keys. */
void statusparts_add_admin(struct text *out, const struct state *s);
void statusparts_add_fault(struct text *out, const struct snapshot_server *s);
void statusparts_add_times(struct text *out, uint32_t average, uint32_t max);
void statusparts_add_binds(struct text *out, const struct snapshot_service *s);
void statusparts_add_tiers(struct text *out, const struct snapshot_service *s);
void statusparts_add_workers(struct text *out, const struct snapshot_process *p);
void statusparts_add_predecessors(struct text *out, const struct snapshot_process *p);

/* Is there a check to tell of? */
bool statusparts_has_check(const struct snapshot_server *s);

#endif
