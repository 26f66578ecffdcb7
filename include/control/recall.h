/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_RECALL_H
#define CONTROL_RECALL_H

struct settings;

/*
 * The nodes that the cluster told (`cluster.discover`), over a new start of the program: the
 * process that is to be followed hands over its list; otherwise there is the file that keeps the
 * last one. So the first check is of all nodes, also while the cluster cannot be asked.
 */

/*
 * The settings with those nodes, or as they were: that a list cannot be used is logged.  Takes
 * `settings` over.  `predecessor`: as predecessor_find() gives it.  Before privileges are dropped.
 */
struct settings *recall_nodes(struct settings *settings, int predecessor);

/* Puts the list where a successor looks for it, before that is started. */
void recall_hand_over(int channel, const struct settings *settings);

#endif
