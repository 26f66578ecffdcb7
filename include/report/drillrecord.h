/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLRECORD_H
#define REPORT_DRILLRECORD_H

#include "base/text.h"
#include "core/drill.h"

/*
 * The record of a drill as one line of JSON, without a newline: what a file of it holds and what
 * "show drill" answers.  conf/drillfile.h reads it.  Times are milliseconds since the epoch; keys
 * of states, kinds and series are those of core/drill.h.
 *
 *   drill: name source from_ms to_ms samples_from_ms every_ms truncated
 *   services[]: name series{key: [count, ...]} servers[]: name first began_with series{}
 *   events[]: ms kind service server state good sessions text
 *
 * A series or began_with that was not recorded is left out; service and server of an event are
 * indices or null.
 */
void drillrecord_write(const struct drill *d, struct text *out);

#endif
