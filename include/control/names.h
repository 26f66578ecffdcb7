/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NAMES_H
#define CONTROL_NAMES_H

#include "control/roster.h"
#include "engine/resolver.h"

/*
 * Hosts of servers and of check targets to addresses, at start and again while the program runs.
 * Each host is looked up once: all servers and checks that name it get the same address.  One that
 * is an address is told at once.  Servers that come and go, and addresses that a person sets, are
 * told by the roster (roster_names).  Control thread only.
 */
struct names;

struct names_options {
	struct topology *topology;
	struct roster *roster;
	struct checker *checker;
	struct resolver *resolver;
};

struct names *names_new(const struct names_options *o);
/*
 * The topology has other settings and servers now: hosts that are named are looked up, by
 * `resolver` from now on, others are not any more, and what is known of them is told to all who
 * name them.
 */
void names_follow(struct names *n, struct resolver *resolver);
/* The address that a person has set for a server counts no more. */
void names_release(struct names *n, const struct topology_server *s);
/* The same for a check, whose slot is about to be removed. */
void names_forget_check(struct names *n, size_t slot);
void names_free(struct names *n); /* before the roster; NULL is fine */

#endif
