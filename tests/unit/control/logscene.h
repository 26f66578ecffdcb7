/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_LOGSCENE_H
#define TESTS_UNIT_CONTROL_LOGSCENE_H

#include "control/logger.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "core/topology.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A logger with targets that are files, so that each has all that it was sent, and the sessions
 * and events that tests give it.  Whoever includes this wraps gethostname() and tick_wall_ms().
 */

/* 2026-11-20T12:12:01.095Z */
#define WALL_MS INT64_C(1795176721095)

enum { TARGETS = 4 };

int __wrap_gethostname(char *name, size_t size);
int64_t __wrap_tick_wall_ms(void);

int __wrap_gethostname(char *name, size_t size)
{
	snprintf(name, size, "lb1");
	return 0;
}

int64_t __wrap_tick_wall_ms(void)
{
	return WALL_MS;
}

static char dir[] = "/tmp/test_logger.XXXXXX";
static char paths[TARGETS][64];

static inline const char *content(int target)
{
	static char buf[8192];
	FILE *f = fopen(paths[target], "re");
	size_t n = 0;

	if (f) {
		n = fread(buf, 1, sizeof(buf) - 1, f);
		fclose(f);
		unlink(paths[target]);
	}
	buf[n] = '\0';
	return buf;
}

static inline void expect(int target, const char *lines)
{
	assert_string_equal(content(target), lines);
}

/* What came to a target since the last time. */
static inline void expect_next(struct logger *l, int target, const char *lines)
{
	expect(target, lines);
	logger_reopen(l);
}

static inline struct settings_log file(int target)
{
	return (struct settings_log){
		.kind = SETTINGS_LOG_FILE,
		.text = paths[target],
		.path = paths[target],
		.format = SETTINGS_LOG_HAPROXY,
		.framing = SETTINGS_LOG_SHORT,
		.level = LOG_LEVEL_INFO,
		.sessions = true,
		.tag = "haproxy",
	};
}

/*
 * "psql" is its own frontend; "be" has the frontend "fe".  A test changes what it wants before
 * start(): the settings are its own.
 */
struct scene {
	struct settings *settings;
	struct settings_log logs[TARGETS], own[TARGETS], front_logs[TARGETS];
	struct settings_service services[2];
	struct settings_frontend fe;
	struct settings_bind bind;
	struct settings_server server;
	struct settings_target target;
	struct topology *topology;
	struct logger *logger;
};

static inline void prepare(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->settings = settings_new();
	s->bind = (struct settings_bind){ .text = ":26257" };
	s->server = settings_server_default();
	s->server.name = "n1";
	s->server.host = "127.0.0.1";
	s->target.name = "n1";
	s->target.host = "127.0.0.1";
	s->target.check = settings_check_default(SETTINGS_CHECK_TCP);
	s->fe =
	    (struct settings_frontend){ .name = "fe", .id = 3, .binds = &s->bind, .bind_count = 1 };
	for (int i = 0; i < 2; i++) {
		s->services[i] = settings_service_default();
		s->services[i].name = i ? "be" : "psql";
		s->services[i].servers = &s->server;
		s->services[i].server_count = 1;
	}
	s->services[0].binds = &s->bind;
	s->services[0].bind_count = 1;
	s->services[0].id = 2;
	s->services[1].id = 4;
	s->services[1].frontends = &s->fe;
	s->services[1].frontend_count = 1;
	s->settings->services = s->services;
	s->settings->service_count = 2;
	s->settings->targets = &s->target;
	s->settings->target_count = 1;
	s->settings->logs = s->logs;
	s->settings->log_count = 1;
	s->logs[0] = file(0);
}

static inline void start(struct scene *s)
{
	struct error err;

	s->topology = topology_new(s->settings);
	if (!logger_new(s->settings, &s->logger, &err))
		fail_msg("%s", err.text);
}

static inline void finish(struct scene *s)
{
	logger_free(s->logger);
	topology_free(s->topology);
	for (int i = 0; i < TARGETS; i++)
		unlink(paths[i]);
}

static inline struct record record_of(const struct scene *s, int service)
{
	struct topology_service *t = s->topology->services[service];
	struct addr client;
	struct addr local;

	assert_true(addr_parse_ip("127.0.0.1", 51732, &client));
	assert_true(addr_parse_ip("127.0.0.1", 26257, &local));
	return (struct record){
		.accepted_wall_ms = WALL_MS,
		.service = t,
		.server = t->servers[0],
		.frontend = t->frontends[0],
		.bind = &s->bind,
		.client = addr_pack(&client),
		.frontend_addr = addr_pack(&local),
		.total_ms = 5,
		.bytes_in = 1,
		.bytes_out = 2,
		.process_conns = 1,
		.frontend_conns = 1,
		.service_conns = 1,
		.server_conns = 1,
		.ended = true,
		.reason = REASON_NORMAL,
	};
}

#define LINE(level, service, times, bytes, letters, rest)                                          \
	"<" level ">127.0.0.1:51732 [20/Nov/2026:12:12:01.095] " service " " times " " bytes       \
	" " letters " " rest "\n"
#define PSQL(letters) LINE("6", "psql psql/n1", "0/0/5", "2", letters, "1/1/0/0/0 0/0")
#define FE(letters)   LINE("6", "fe be/n1", "0/0/5", "2", letters, "1/1/0/0/0 0/0")

static inline struct journal_event down_of(const char *service)
{
	struct journal_event e = { .kind = JOURNAL_SERVICE_DOWN, .wall_ms = WALL_MS };

	snprintf(e.service, sizeof(e.service), "%s", service);
	return e;
}

static inline struct journal_event drain_of(const char *service)
{
	struct journal_event e = {
		.kind = JOURNAL_SERVER,
		.level = LOG_LEVEL_NOTICE,
		.wall_ms = WALL_MS,
		.server = "n1",
		.before = { .health = STATE_UP, .admin = STATE_DRAIN_COMMAND },
		.after = { .health = STATE_UP },
		.limits = { .rise = 1, .fall = 1 },
	};

	snprintf(e.service, sizeof(e.service), "%s", service);
	return e;
}

static inline int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	if (!mkdtemp(dir))
		return -1;
	for (int i = 0; i < TARGETS; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%d", dir, i);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

#endif
