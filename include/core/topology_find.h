/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_FIND_H
#define CORE_TOPOLOGY_FIND_H

/*
 * Finding the parts of a topology as operators name them: by name, or by "#" and HAProxy's number.
 * All return NULL if there is no such thing.  Control thread.
 */
struct topology;
struct topology_service;
struct topology_server;
struct topology_frontend;

struct topology_service *topology_find_service(const struct topology *t, const char *name);
/* "service/server", or "#iid/#sid"; each half may be either. */
struct topology_server *topology_find_server(const struct topology *t, const char *path);
struct topology_frontend *topology_find_frontend(const struct topology *t, const char *name);

#endif
