/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ADMINSWAP_H
#define CONTROL_ADMINSWAP_H

#include "control/httpadmin.h"

/*
 * HTTP endpoints in a reload: one whose settings change at the same address keeps its socket and
 * its clients.  What can fail (certificates) is made before.
 */
struct adminswap;

/* `settings` must outlive the endpoint, or its next change. */
bool adminswap_new(const struct settings_admin *settings, struct adminswap **ret,
                   struct error *err) MUST_CHECK;
/* For requests that come from now on; `server` is one of httpadmin_open().  Frees `a`. */
void adminswap_put(struct stream_server *server, struct adminswap *a);
void adminswap_free(struct adminswap *a); /* without any change; NULL is fine */

/* The settings that it was opened with, or that were put last. */
const struct settings_admin *adminswap_settings(const struct stream_server *server);

/* stream_server_close() of one of httpadmin_open(), with all that belongs to it. */
void adminswap_close(struct stream_server *server);

#endif
