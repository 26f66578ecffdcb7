/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/number.h"
#include "hcfgaddr.h"
#include "hcfgparts.h"

#include <stdio.h>
#include <string.h>

enum { SYSLOG_PORT = 514, LEN_MIN = 80, LEN_MAX = 65535, SAMPLES_MAX = 1000, RANGES_MAX = 64 };

static const char *const levels[] = { "emerg",   "alert",  "crit", "err",
	                              "warning", "notice", "info", "debug" };

static const char *facility_name(int facility)
{
	size_t count;

	return log_facilities(&count)[facility];
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

/* "stdout", "stderr", "fd@3": one line each, without a syslog daemon between. */
static bool take_stream(struct hcfgreader *r, int fd, struct settings_log *l)
{
	l->kind = fd == 1 ? SETTINGS_LOG_STDOUT : fd == 2 ? SETTINGS_LOG_STDERR : SETTINGS_LOG_FD;
	l->fd = l->kind == SETTINGS_LOG_FD ? fd : 0;
	if (l->framing == SETTINGS_LOG_USUAL)
		l->framing = SETTINGS_LOG_LOCAL;
	l->text = fd == 1   ? "stdout"
	          : fd == 2 ? "stderr"
	                    : mem_arena_printf(&r->model->arena, "fd:%d", fd);
	return true;
}

static bool take_target(struct hcfgreader *r, struct settings_log *l)
{
	struct hcfgaddr a;
	struct error err;

	if (strcmp(r->words[0], "stdout") == 0)
		return take_stream(r, 1, l);
	if (strcmp(r->words[0], "stderr") == 0)
		return take_stream(r, 2, l);
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
		return take_stream(r, a.low, l);
	case HCFGADDR_OTHER:
		break;
	}
	hcfgreader_lose(r,
	                "\"%.60s\": lines can go to stdout, stderr, a syslog socket, UDP or a file",
	                r->words[0]);
	return false;
}

static void take_format(struct hcfgreader *r, const char *format, struct settings_log *l)
{
	static const char *const known[] = {
		[SETTINGS_LOG_USUAL] = "local",       [SETTINGS_LOG_LOCAL] = "local",
		[SETTINGS_LOG_RFC3164] = "rfc3164",   [SETTINGS_LOG_RFC5424] = "rfc5424",
		[SETTINGS_LOG_PRIORITY] = "priority", [SETTINGS_LOG_SHORT] = "short",
		[SETTINGS_LOG_TIMED] = "timed",       [SETTINGS_LOG_ISO] = "iso",
		[SETTINGS_LOG_RAW] = "raw",
	};
	int framing = hcfgreader_find(format, known, ARRAY_LEN(known));

	if (framing < 0)
		hcfgreader_error(r, "unknown format \"%.30s\"", format);
	else
		l->framing = (enum settings_log_framing)framing;
}

/* "2" or "1-3" */
static bool parse_range(const char *word, struct settings_range *ret)
{
	const char *dash = strchr(word, '-');
	char low[8];
	uint64_t a;
	uint64_t b;

	snprintf(low, sizeof(low), "%.*s", (int)(dash ? dash - word : 7), word);
	if (!number_parse(low, SAMPLES_MAX, &a) || !a ||
	    !number_parse(dash ? dash + 1 : low, SAMPLES_MAX, &b) || b < a)
		return false;
	*ret = (struct settings_range){ (uint16_t)a, (uint16_t)b };
	return true;
}

/* sample RANGES:SIZE: of every SIZE lines those with the numbers in RANGES. */
static void take_sample(struct hcfgreader *r, const char *word, struct settings_log *l)
{
	struct settings_range *ranges =
	    mem_arena_zalloc(&r->model->arena, RANGES_MAX * sizeof(*ranges));
	char *copy = mem_arena_strdup(&r->model->arena, word);
	char *colon = strchr(copy, ':');
	char *save = NULL;
	size_t count = 0;
	uint32_t size;

	if (!colon) {
		hcfgreader_error(r, "sample %.30s: write RANGES:SIZE", word);
		return;
	}
	*colon = '\0';
	if (!hcfgreader_whole(r, colon + 1, 1, SAMPLES_MAX, &size))
		return;
	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (count == RANGES_MAX || !parse_range(s, &ranges[count]) ||
		    ranges[count].high > size) {
			hcfgreader_error(r, "sample %.30s: \"%.20s\" is not a number up to %u",
			                 word, s, size);
			return;
		}
		count++;
	}
	l->sample = (struct settings_ranges){ ranges, count };
	l->sample_size = (uint16_t)size;
}

/* len N, format F, sample R, profile P, before the facility; the number of words. */
static size_t take_options(struct hcfgreader *r, struct settings_log *l)
{
	size_t i = 1;

	for (; i + 1 < r->count; i += 2) {
		if (strcmp(r->words[i], "format") == 0)
			take_format(r, r->words[i + 1], l);
		else if (strcmp(r->words[i], "sample") == 0)
			take_sample(r, r->words[i + 1], l);
		else if (strcmp(r->words[i], "len") == 0)
			hcfgreader_whole(r, r->words[i + 1], LEN_MIN, LEN_MAX, &l->len);
		else if (strcmp(r->words[i], "profile") == 0)
			hcfgreader_lose(r, "profile: lines have the form of log-format");
		else
			break;
	}
	return i;
}

/* The words after the facility: which lines, and what they are sent as. */
static bool take_levels(struct hcfgreader *r, size_t i, struct settings_log *l)
{
	int level = LOG_LEVEL_INFO;
	int least = 0;

	if (i < r->count)
		level = hcfgreader_find(r->words[i], levels, ARRAY_LEN(levels));
	if (level < 0)
		hcfgreader_error(r, "unknown level \"%.30s\"", r->words[i]);
	if (level >= 0 && i + 1 < r->count)
		least = hcfgreader_find(r->words[i + 1], levels, ARRAY_LEN(levels));
	if (least < 0)
		hcfgreader_error(r, "unknown level \"%.30s\"", r->words[i + 1]);
	hcfgreader_at_most(r, i + 2);
	l->level = level > LOG_LEVEL_INFO ? LOG_LEVEL_INFO : level;
	l->min_level = least;
	return level >= 0 && least >= 0;
}

void hcfglog_read(struct hcfgreader *r, const struct hcfgmodel_log **list)
{
	struct hcfgmodel_log *log = mem_arena_zalloc(&r->model->arena, sizeof(*log));
	struct settings_log *l = &log->log;
	size_t i = take_options(r, l);

	if (i >= r->count) {
		hcfgreader_error(r, "a facility is missing: local0, daemon, ...");
		return;
	}
	l->facility = log_facility_find(r->words[i]);
	if (l->facility < 0) {
		hcfgreader_error(r, "unknown facility \"%.30s\"", r->words[i]);
		return;
	}
	if (!take_levels(r, i + 1, l) || !take_target(r, l))
		return;
	l->format = SETTINGS_LOG_HAPROXY;
	log->place = r->line->place;
	log->next = *list;
	*list = log;
}
