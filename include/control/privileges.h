/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_PRIVILEGES_H
#define CONTROL_PRIVILEGES_H

#include "base/error.h"
#include "core/settings.h"

/* Changes root, then group, then user, as the settings say; all of it or an error. */
bool privileges_drop(const struct settings *s, struct error *err) MUST_CHECK;

/* Writes the process id to `path`, replacing the file. */
bool privileges_write_pidfile(const char *path, struct error *err) MUST_CHECK;

/* Removes it, if it still has the id of this process. */
void privileges_remove_pidfile(const char *path);

#endif
