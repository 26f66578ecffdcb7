/* SPDX-License-Identifier: MIT */
#ifndef MAIN_DEMOPARTS_H
#define MAIN_DEMOPARTS_H

#include "base/text.h"
#include "cli/console.h"
#include "control/supervisor.h"
#include "sim/simcluster.h"
#include "sim/simload.h"

#include <ev.h>
#include <termios.h>

/* What demo.c does and demowords.c tells of. */
struct demo {
	const struct console *console;
	struct ev_loop *loop;
	struct simcluster *cluster;
	struct simload *load;
	struct supervisor *supervisor;
	uint32_t nodes;
	bool only_nodes; /* no balancer, no clients */
	uint16_t sql_port, admin_port, console_port;
	char socket[64];
	struct error taken; /* why these are not the first ports; "": they are */
	uint32_t chosen;    /* the node that keys act on */
	struct simload_counts before;
	ev_tstamp before_at;
	ev_timer sum_up;
	ev_io keys;
	ev_signal interrupt, terminate;
	struct text line; /* of a pipe or after ':', not complete yet */
	bool typing;      /* keys are that line */
	bool told;        /* a node has said something since the last command */
	struct termios terminal;
	bool raw; /* the terminal was changed and `terminal` is what it was */
};

/* The number of clients that `load` has. */
enum { DEMO_CLIENTS = 12 };

void demowords_show_commands(const struct demo *d);
/* The simulated nodes' own commands. */
void demowords_show_words(const struct demo *d);
/* Where everything is, and what to try. */
void demowords_show_intro(const struct demo *d);
/* What clients saw since the last sum. */
void demowords_show_sum(const struct demo *d);

#endif
