/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <string.h>

enum { SYSLOG_PORT = 514 };

static const char *const levels[] = { "emerg",   "alert",  "crit", "err",
	                              "warning", "notice", "info", "debug" };

/* The number of the word, or -1. */
static int find(const char *const *list, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return (int)i;
	return -1;
}

static const char *facility_name(int facility)
{
	size_t count;

	return log_facilities(&count)[facility];
}

static bool is_stream(const char *s)
{
	return strcmp(s, "stdout") == 0 || strcmp(s, "stderr") == 0 || strcmp(s, "fd@1") == 0 ||
	       strcmp(s, "fd@2") == 0;
}

static bool take_udp(struct hcfgreader *r, const struct hcfgaddr *a, struct settings_log *l)
{
	uint16_t port = a->port == HCFGADDR_PORT_RANGE ? (uint16_t)a->low : SYSLOG_PORT;
	const char *host = strcmp(a->host, "localhost") == 0 ? "127.0.0.1" : a->host;
	char text[ADDR_TEXT_MAX];

	if (!*host || !addr_parse_ip(host, port, &l->addr)) {
		hcfgreader_lose(r,
		                "\"%.60s\" is a name: log targets have numeric addresses; write "
		                "it and import again",
		                host);
		return false;
	}
	l->kind = SETTINGS_LOG_UDP;
	l->text = mem_arena_printf(&r->model->arena, "udp://%s@%s", facility_name(l->facility),
	                           addr_format(&l->addr, text));
	return true;
}

static bool take_target(struct hcfgreader *r, struct settings_log *l)
{
	struct hcfgaddr a;
	struct error err;

	if (is_stream(r->words[0])) {
		l->kind = SETTINGS_LOG_STDERR;
		l->text = "stderr";
		l->facility = log_facility_find("daemon");
		if (strcmp(r->words[0], "stdout") == 0 || strcmp(r->words[0], "fd@1") == 0)
			hcfgreader_remark(r, "stdout becomes stderr");
		return true;
	}
	if (!hcfgaddr_parse(r->words[0], &r->model->arena, &a, &err)) {
		hcfgreader_error(r, "%s", err.text);
		return false;
	}
	switch (a.kind) {
	case HCFGADDR_UNIX:
		l->kind = SETTINGS_LOG_SYSLOG;
		l->path = a.host;
		l->text = mem_arena_printf(&r->model->arena, "syslog:%s@%s",
		                           facility_name(l->facility), a.host);
		return true;
	case HCFGADDR_INET:
		return take_udp(r, &a, l);
	case HCFGADDR_FD:
	case HCFGADDR_OTHER:
		break;
	}
	hcfgreader_lose(r, "\"%.60s\": lines can go to stderr, a syslog socket, UDP or a file",
	                r->words[0]);
	return false;
}

static void judge_format(struct hcfgreader *r, const char *format)
{
	static const char *const known[] = { "raw",   "short",    "timed",   "iso",
		                             "local", "priority", "rfc3164", "rfc5424" };

	if (find(known, ARRAY_LEN(known), format) < 0)
		hcfgreader_error(r, "unknown format \"%.30s\"", format);
	else if (strcmp(format, "rfc5424") == 0)
		hcfgreader_lose(r, "format rfc5424: syslog lines are of the BSD form");
	else if (!is_stream(r->words[0]) && strcmp(format, "local") != 0 &&
	         strcmp(format, "rfc3164") != 0)
		hcfgreader_lose(r, "format %.30s: syslog lines are of the BSD form", format);
}

/* len N, format F, sample R, profile P, before the facility; the number of words. */
static size_t skip_options(struct hcfgreader *r)
{
	size_t i = 1;

	for (; i + 1 < r->count; i += 2) {
		if (strcmp(r->words[i], "format") == 0)
			judge_format(r, r->words[i + 1]);
		else if (strcmp(r->words[i], "sample") == 0)
			hcfgreader_lose(r, "sample: every line is logged");
		else if (strcmp(r->words[i], "profile") == 0)
			hcfgreader_lose(r, "profile: lines have the form of option tcplog");
		else if (strcmp(r->words[i], "len") != 0)
			break;
	}
	return i;
}

void hcfglog_read(struct hcfgreader *r, const struct hcfgmodel_log **list)
{
	struct hcfgmodel_log *log = mem_arena_zalloc(&r->model->arena, sizeof(*log));
	struct settings_log *l = &log->log;
	size_t i = skip_options(r);
	int level = LOG_LEVEL_INFO;

	if (i >= r->count) {
		hcfgreader_error(r, "a facility is missing: local0, daemon, ...");
		return;
	}
	l->facility = log_facility_find(r->words[i]);
	if (l->facility < 0) {
		hcfgreader_error(r, "unknown facility \"%.30s\"", r->words[i]);
		return;
	}
	if (i + 1 < r->count)
		level = find(levels, ARRAY_LEN(levels), r->words[i + 1]);
	if (level < 0) {
		hcfgreader_error(r, "unknown level \"%.30s\"", r->words[i + 1]);
		return;
	}
	if (i + 2 < r->count)
		hcfgreader_lose(r, "lines more severe than %.20s were written as such",
		                r->words[i + 2]);
	if (!take_target(r, l))
		return;
	l->format = SETTINGS_LOG_HAPROXY;
	l->level = level > LOG_LEVEL_INFO ? LOG_LEVEL_INFO : level;
	log->place = r->line->place;
	log->next = *list;
	*list = log;
}
