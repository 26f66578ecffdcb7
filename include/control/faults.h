/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_FAULTS_H
#define CONTROL_FAULTS_H

#include "control/roster.h"
#include "core/fault.h"

struct ev_loop;

/*
 * Faults on the way to servers, put there by people: they are in force for sessions at once
 * (engine/mishap.h), change what checks find (core/faultcheck.h), are told in the journal and end
 * by themselves.
 * Control thread only.
 */
struct faults;

struct faults *faults_new(struct ev_loop *loop, struct roster *roster, struct topology *topology);
void faults_free(struct faults *f); /* those in force stay; NULL is fine */

/* `for_ms` 0: until somebody ends it with FAULT_NONE.  Replaces the one before. */
void faults_put(struct faults *f, struct topology_server *s, struct fault fault, uint64_t for_ms);

/* Ends all of them: nobody reaches this process any more. */
void faults_end(struct faults *f);

#endif
