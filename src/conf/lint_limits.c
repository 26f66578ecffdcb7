/* SPDX-License-Identifier: MIT */
#include "lintparts.h"

#include "core/descriptors.h"

#include <inttypes.h>
#include <string.h>

enum {
	/* The kernel's default of net.ipv4.ip_local_port_range, and as far as it may go. */
	PORT_LOW = 32768,
	PORT_HIGH = 60999,
	PORT_LOWEST = 1024,
	PORT_HIGHEST = 65535
};

/* --- file descriptors --------------------------------------------------------------------- */

static uint32_t count_threads(const struct lint_view *v)
{
	if (v->settings->threads)
		return v->settings->threads;
	return v->facts->processors ? v->facts->processors : 1;
}

void lint_look_at_descriptors(const struct lint_view *v)
{
	const struct settings *s = v->settings;
	uint64_t limit = s->nofile ? s->nofile : v->facts->nofile;
	uint32_t threads = count_threads(v);
	uint64_t need = limit ? descriptors_needed(s, threads, s->maxconn, limit) : 0;
	struct lint_finding f = { .rule = LINT_MAXCONN_NOFILE,
		                  .severity = LINT_WARNING,
		                  .place = lintfile_find(v->file, "maxconn"),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!s->maxconn || need <= limit)
		return;
	f.cure = lint_print(v, "nofile = %" PRIu64 ";", need);
	lint_add(v, &f, NULL,
	         "maxconn %u x %d and about %" PRIu64 " more are %" PRIu64
	         " file descriptors, and there are %" PRIu64 " (%s): about %" PRIu32
	         " sessions will be taken; a unit file needs LimitNOFILE=%" PRIu64,
	         s->maxconn, DESCRIPTORS_PER_SESSION,
	         need - (uint64_t)s->maxconn * DESCRIPTORS_PER_SESSION, need, limit,
	         s->nofile ? "nofile" : "the hard limit of this shell",
	         descriptors_sessions(s, threads, limit), need);
}

/* --- local ports -------------------------------------------------------------------------- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* Sessions at once in the service, as far as somebody wrote a limit; 0: nobody did. */
static uint64_t most_sessions(const struct lint_view *v)
{
	const struct settings_service *s = v->service;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->frontend_count; i++) {
		if (!s->frontends[i].maxconn)
			return smaller(s->maxconn, v->settings->maxconn);
		sum += s->frontends[i].maxconn;
	}
	return smaller(smaller(s->maxconn, sum), v->settings->maxconn);
}

static uint64_t ports_to(const struct lint_view *v, const struct settings_server *s)
{
	uint16_t low = v->facts->port_low ? v->facts->port_low : PORT_LOW;
	uint16_t high = v->facts->port_high ? v->facts->port_high : PORT_HIGH;

	if (s->source.port_low) {
		low = s->source.port_low;
		high = s->source.port_high ? s->source.port_high : low;
	}
	return high >= low ? (uint64_t)high - low + 1 : 1;
}

static size_t count_able(const struct settings_service *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->server_count; i++)
		n += lint_is_able(&s->servers[i]) && !s->servers[i].backup;
	return n;
}

static void set_cure(const struct lint_view *v, struct lint_finding *f, uint64_t sessions,
                     uint64_t ports, bool own_range)
{
	f->cure_kind = LINT_CONFIGURATION;
	if (own_range || sessions > PORT_HIGHEST - PORT_LOWEST + 1) {
		f->cure = lint_print(v, "maxconn = %" PRIu64 ";", ports);
		return;
	}
	f->cure_kind = LINT_COMMAND;
	f->cure = lint_print(v, "sysctl -w net.ipv4.ip_local_port_range=\"%d %d\"", PORT_LOWEST,
	                     PORT_HIGHEST);
}

void lint_look_at_ports(const struct lint_view *v)
{
	const struct settings_service *service = v->service;
	uint64_t most = most_sessions(v);
	uint64_t able = count_able(service);
	uint64_t left = able > 1 ? able - 1 : 1;

	for (size_t i = 0; i < service->server_count && most; i++) {
		const struct settings_server *s = &service->servers[i];
		uint64_t sessions = smaller((most + left - 1) / left, s->maxconn);
		uint64_t ports = ports_to(v, s);
		struct lint_finding f = { .rule = LINT_EPHEMERAL_PORTS,
			                  .severity = LINT_WARNING,
			                  .place = lintfile_service(v->file, v->service_index,
			                                            "maxconn") };

		if (!lint_is_able(s) || s->backup || strncmp(s->host, "unix:", 5) == 0 ||
		    sessions <= ports)
			continue;
		set_cure(v, &f, sessions, ports, s->source.port_low != 0);
		lint_add(v, &f, service->name,
		         "%" PRIu64 " sessions on %" PRIu64 " server%s%s are %" PRIu64
		         " to one address, and there are %" PRIu64 " local ports for it",
		         most, left, left == 1 ? "" : "s", able > 1 ? " (one being down)" : "",
		         sessions, ports);
	}
}
