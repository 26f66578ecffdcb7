/* SPDX-License-Identifier: MIT */
#include "control/watchdog.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "engine/pulse.h"
#include "net/notify.h"

#include <ev.h>
#include <stdlib.h>
#include <unistd.h>

struct watchdog {
	struct ev_loop *loop;
	struct pulse *pulse;
	ev_timer timer;
};

static bool read_number(const char *name, uint64_t max, uint64_t *ret)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
	const char *value = getenv(name);

	return value && number_parse(value, max, ret);
}

/* Microseconds; 0: none, or it is another process's. */
static uint64_t find_limit(void)
{
	uint64_t limit_us;
	uint64_t pid = (uint64_t)getpid();

	read_number("WATCHDOG_PID", INT32_MAX, &pid);
	if (pid != (uint64_t)getpid() || !read_number("WATCHDOG_USEC", INT64_MAX, &limit_us))
		return 0;
	return limit_us;
}

static void on_time(struct ev_loop *loop, ev_timer *t, int revents)
{
	const struct watchdog *w = container_of(t, struct watchdog, timer);

	(void)loop;
	(void)revents;
	if (pulse_feel(w->pulse))
		notify_send("WATCHDOG=1");
}

struct watchdog *watchdog_new(struct ev_loop *loop, struct crew *crew)
{
	uint64_t limit_us = find_limit();
	double every_s = (double)limit_us / 2e6;
	struct watchdog *w;

	if (!limit_us)
		return NULL;
	w = mem_zalloc(sizeof(*w));
	w->loop = loop;
	w->pulse = pulse_new(crew);
	ev_timer_init(&w->timer, on_time, every_s, every_s);
	ev_timer_start(loop, &w->timer);
	return w;
}

void watchdog_stop(struct watchdog *w)
{
	if (w)
		ev_timer_stop(w->loop, &w->timer);
}

void watchdog_free(struct watchdog *w)
{
	if (!w)
		return;
	watchdog_stop(w);
	pulse_free(w->pulse);
	free(w);
}
