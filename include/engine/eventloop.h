/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_EVENTLOOP_H
#define ENGINE_EVENTLOOP_H

#include "base/error.h"

#include <ev.h>

/*
 * Event loops that can be woken up.  What wakes a loop up (another thread, a signal) is given to
 * the kernel to watch when the first ev_async or ev_signal starts; when the kernel refuses, for
 * want of memory or because of fs.epoll.max_user_watches, libev says nothing and such a loop hears
 * of nothing but its timers.  It is better not to start.
 *
 * A loop that runs needs memory when there are more descriptors than ever before.  libev's own
 * manner is to abort; here it waits some seconds before, since what is lacking may come back.
 *
 * Called by the main thread, before others start.
 */

/*
 * A new loop; NULL with what to do about it in `err`.  A watcher that the kernel refuses hears of
 * it at once: it is stopped, and its callback is called with EV_ERROR.  Before it starts again it
 * is to be set anew (ev_io_set()), or libev takes it for one that the kernel still watches.  The
 * loop's userdata are taken.
 */
struct ev_loop *eventloop_new(struct error *err) MUST_CHECK;

/*
 * Can that loop be woken up?  It is fresh: watchers may have been started, but none that fires by
 * itself, and no ev_async or ev_signal.
 */
bool eventloop_wakes(struct ev_loop *loop, struct error *err) MUST_CHECK;

#endif
