/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CTLSOCKET_H
#define CONTROL_CTLSOCKET_H

#include "control/daemon.h"
#include "control/stream.h"

/*
 * The control socket: HAProxy's runtime API on a UNIX socket (management manual 9.3).  One line
 * of commands, separated by ';' ("\;" is a literal one); each answer ends with an empty line; then
 * the connection is closed, unless `prompt` made it interactive or events are followed.
 */
bool ctlsocket_open(struct ev_loop *loop, const struct settings_socket *settings,
                    struct daemon *daemon, struct stream_server **ret,
                    struct error *err) MUST_CHECK;

#endif
