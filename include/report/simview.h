/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SIMVIEW_H
#define REPORT_SIMVIEW_H

#include "base/text.h"
#include "core/simulation.h"

/*
 * A simulation for people: a row for each step with the sessions of each server, lines where
 * something happens, in the words of `sluice watch`, and what came of it at the end.  Of more
 * servers than fit beside each other a row has the fewest, the mean and the most sessions of those
 * that get new ones, and one sign for each server, or for several.
 */
struct simview {
	unsigned int width; /* columns; at least 64 count */
	bool colour, ascii;
};

void simview_write(const struct simview *v, const struct simulation_options *o,
                   const struct simulation_result *r, struct text *out);

/* The same as one JSON object: sluice(1), "JSON", has its keys. */
void simview_write_json(const struct simulation_options *o, const struct simulation_result *r,
                        struct text *out);

/* "50/s", "poisson:3000/m"; "30s", "exp:30s", "ever": as they are given. */
void simview_add_rate(struct text *out, const struct simarrival_rate *rate);
void simview_add_session(struct text *out, const struct simarrival_session *s);

#endif
