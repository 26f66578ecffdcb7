/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CHECKER_H
#define ENGINE_CHECKER_H

#include "base/addr.h"
#include "core/probe.h"
#include "core/settings.h"

struct ev_loop;
struct program_facts;

/*
 * Runs the checks of all targets on time, over TCP or TLS or by a program, one in flight a target.
 * It knows nothing of servers or states: it reports results and is told how fast to go.
 * Control thread only.
 *
 * One deadline (check.timeout_ms, or inter) covers connect, handshake, send and receive.  The next
 * check begins its interval after the end of the last one, with 10 % jitter either way, which soon
 * spreads them.  The first ones of up to 25 targets begin within 100 ms, those of more 2 ms after
 * each other, or as close as it takes to begin all of them in one interval.  Times are such that
 * checks of many targets begin together, 32 times an interval and at least each 50 ms: wake-ups
 * are what checks cost most.
 *
 * A check connection ends with an RST (SO_LINGER 0) as HAProxy's does, so that a node's log stays
 * quiet; pgsql, mysql, smtp and what says `linger` end with a FIN.
 *
 * Results of an agent (type agent) come by the same call as all others, with its line in
 * probe_result.agent; a failure to ask it says nothing about the server (HAProxy configuration
 * manual 5.2 "agent-check").
 */
struct checker;

enum checker_pace {
	CHECKER_NORMAL, /* inter */
	CHECKER_FAST,   /* fastinter: the state is changing */
	CHECKER_SLOW,   /* downinter: fully down */
	CHECKER_PAUSED  /* maintenance: no checks */
};

/*
 * A check ended.  Called from the loop only, never from inside a checker_*() call.  `running` calls
 * (result NULL) announce that a check of this target begins.  All checker_*() functions may be
 * called from it.
 */
typedef void checker_on_result(void *ctx, size_t target, const struct probe_result *result);

/*
 * `targets` must outlive the checker; target i has slot i.  Fails if a CA, certificate or key file
 * of a check over TLS cannot be used, or a rule (probe_plan_new()).
 */
struct checker *checker_new(struct ev_loop *loop, const struct settings_target *targets,
                            size_t count, checker_on_result *on_result, void *ctx,
                            struct error *err);

/*
 * Targets that come later will be checked like this: reads the files that it takes, as in a chroot
 * or without rights they are out of reach, and holds them until the next call or checker_free().
 * NULL: nothing will come.  Fails as checker_new(), and then holds what it held.
 */
bool checker_prepare(struct checker *c, const struct settings_check *check,
                     struct error *err) MUST_CHECK;

/* Starts all targets that are not of type none. */
void checker_start(struct checker *c);

/*
 * Certificates and keys of checks are read again, from files of the same names: for those that
 * begin from now on.  If one cannot be used all stay as they are.
 */
bool checker_renew(struct checker *c, struct error *err) MUST_CHECK;

/*
 * A target that comes at run time, with its slot for all the calls below; it is started at once
 * but paused.  `target` must live until checker_remove(), which ends its check without a report.
 * Fails as checker_new().
 */
bool checker_add(struct checker *c, const struct settings_target *target, size_t *ret_slot,
                 struct error *err) MUST_CHECK;
void checker_remove(struct checker *c, size_t slot);

/*
 * Its target is in those settings: the slot holds a reference until checker_remove(), so that they
 * may be replaced while the check goes on as it is.  Once is enough.
 */
void checker_keep(struct checker *c, size_t slot, struct settings *settings);

/* Another port from the next check on; another line to send to an agent (copied). */
void checker_set_port(struct checker *c, size_t slot, uint16_t port);
void checker_set_agent_send(struct checker *c, size_t slot, const char *line);

/*
 * What a program is told of its server from the next check on, also of the one that is reported to
 * begin (program_take_facts()); copied, but the strings in it must live as long as the slot.
 * Without it the names are taken from the target's ("proxy/server").
 */
void checker_set_facts(struct checker *c, size_t slot, const struct program_facts *facts);

/*
 * The address to connect to (its port is ignored: the target's check_port is used); NULL with the
 * reason in words when the name does not resolve: checks then fail with PROBE_RESOLVE.
 * Before the first call for a target its checks wait.
 */
void checker_set_address(struct checker *c, size_t target, const struct addr *addr,
                         const char *reason);

/*
 * Takes effect at once: a pending check that would come later than the new interval is moved up.
 * Pausing ends a check in flight without a result; after a pause the next check comes at once.
 */
void checker_set_pace(struct checker *c, size_t target, enum checker_pace pace);

/*
 * An extra check now, unless one is running or checks are paused.  May be called for every refused
 * session: such checks keep a tenth of a second between them.
 */
void checker_hurry(struct checker *c, size_t target);

/* The next check begins in so many milliseconds; 0: one runs; -1: none will (it is paused). */
int64_t checker_next_ms(const struct checker *c, size_t target);

void checker_free(struct checker *c); /* ends checks in flight without a report; NULL is fine */

#endif
