/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ADMINPAGES_H
#define CONTROL_ADMINPAGES_H

#include "exchange.h"

/* The paths of routes.def.  False if it is none of them. */
bool adminpages_serve(struct exchange *x);

/* Is it one that a health check asks for, without a user? */
bool adminpages_is_health(const char *path);

/* 404 with a list of what there is. */
void adminpages_not_found(struct exchange *x);

#endif
