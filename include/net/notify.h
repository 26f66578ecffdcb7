/* SPDX-License-Identifier: MIT */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include "base/error.h"

/*
 * Words to the service manager (sd_notify(3)): "READY=1", "RELOADING=1", "STOPPING=1",
 * "STATUS=..."; several lines are fine.  Does nothing without $NOTIFY_SOCKET.
 */
void notify_send(const char *fmt, ...) PRINTF(1, 2);

#endif
