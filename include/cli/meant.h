/* SPDX-License-Identifier: MIT */
#ifndef CLI_MEANT_H
#define CLI_MEANT_H

#include "base/error.h"
#include "report/statusjson.h"

/* Which servers a person means: "service/server", or a server's name alone, in every service. */

bool meant_is(const char *written, const struct statusjson_service *service,
              const struct statusjson_server *server);

/*
 * The error for a name that means no server, with the nearest one that there is.  `or_service`: a
 * service would have done, too.  Always false.
 */
bool meant_none(const struct statusjson *status, const char *written, bool or_service,
                struct error *err);

#endif
