/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PROGRAM_H
#define ENGINE_PROGRAM_H

#include "base/addr.h"
#include "core/probe.h"
#include "core/settings.h"

#include <ev.h>
#include <sys/types.h>

/*
 * A check that a program decides (HAProxy configuration manual 4.2 "external-check"): exit code 0
 * is PROCOK, any other PROCERR with it as the status (PROBE_KILLED for a signal, 255 if it cannot
 * be run, with the reason), and beyond its time it is PROCTOUT.
 *
 * The program gets the arguments PROXY_ADDRESS PROXY_PORT SERVER_ADDRESS SERVER_PORT and nothing
 * in its environment but PATH and HAProxy's HAPROXY_* variables.  It has standard input from
 * /dev/null, our standard output and error, no other descriptor, the default signals, and a process
 * group of its own, which is sent SIGTERM when its time is up and SIGKILL a second later.
 * Control thread only; the loop may be any (no child watcher of libev is used), but nobody else may
 * wait for all children.
 */

/* What it is told of its server besides the address; NULL or 0: unknown. */
struct program_facts {
	const char *proxy_name, *server_name;
	const char *proxy_addr, *proxy_port; /* NULL: none ("NOT_USED") */
	uint32_t proxy_id, server_id;
	uint32_t maxconn, curconn;
	uint16_t server_port; /* 0: the check's */
};

/*
 * All of it anew; or without names, only the numbers, and only if they are of the same server.
 */
void program_take_facts(struct program_facts *to, const struct program_facts *from);

/* Called once for each program_start(), from the loop, after everything else. */
typedef void program_done(void *ctx, const struct probe_result *result);

enum program_phase {
	PROGRAM_IDLE,
	PROGRAM_RUNNING,
	PROGRAM_UNSTARTED, /* told from the loop */
	PROGRAM_DYING,     /* its verdict is told, but it is still there */
	PROGRAM_STUCK      /* the same, and the next check has begun */
};

struct program {
	struct ev_loop *loop;
	const struct settings_check *check;
	program_done *done;
	void *ctx;
	enum program_phase phase;
	pid_t pid;
	ev_io exited; /* a pidfd */
	ev_timer deadline;
	int64_t started_us;
	struct probe_result result; /* UNSTARTED */
};

/* Every pointer must outlive the program. */
void program_init(struct program *p, struct ev_loop *loop, const struct settings_check *check,
                  program_done *done, void *ctx);

/* Begins.  A failure at once is told from the loop like any other. */
void program_start(struct program *p, const struct program_facts *facts, const struct addr *to);

/* Ends it without a verdict; fine if none runs. */
void program_cancel(struct program *p);

/* Ends it for good, with nothing left in the loop. */
void program_release(struct program *p);

#endif
