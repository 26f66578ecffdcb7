/* SPDX-License-Identifier: MIT */
#ifndef CONF_DRILLFILE_H
#define CONF_DRILLFILE_H

#include "base/error.h"
#include "core/drill.h"

/*
 * Reads the record of a drill: the JSON document that report/drillrecord.h describes.  Nothing in
 * it is trusted: indices are in range, events are in order and belong to what their kind is of, all
 * series have as many counts, and times are small enough to be added and taken from each other.
 * Strings stay as they are: whoever shows them cleans them.
 *
 * NULL on failure; the error names the key and where it stands ("services[0].servers[2].first").
 * drill_free() gives the result back.
 */
struct drill *drillfile_parse(const char *json, struct error *err) MUST_CHECK;

/* From a file of at most DRILLFILE_MAX bytes; the error begins with its path. */
enum { DRILLFILE_MAX = 256 << 20 };
struct drill *drillfile_read(const char *path, struct error *err) MUST_CHECK;

#endif
