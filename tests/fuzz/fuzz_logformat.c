/* SPDX-License-Identifier: MIT */
/* LAYERS: report core base */
/*
 * Any text as a log-format.  Beyond not crashing: pieces stand in the format one after the other
 * and within it, a format that is accepted gives a line, one with a value for addresses says so.
 */
#include "core/logvars.h"
#include "report/logformat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool judge_pieces(const char *format)
{
	struct logvars v = logvars_begin(format);
	const char *end = format + strlen(format);
	const char *at = format;
	struct logvars_piece p;
	enum logvars_what what;
	bool wrong = false;

	while ((what = logvars_next(&v, &p)) != LOGVARS_END) {
		must(p.start >= at && p.end > p.start && p.end <= end);
		must(what == LOGVARS_VALUE || (p.text >= p.start && p.text + p.len <= p.end));
		must(what != LOGVARS_TEXT || p.len);
		wrong = wrong || (what != LOGVARS_TEXT && what != LOGVARS_VALUE);
		at = p.end;
	}
	must(logvars_next(&v, &p) == LOGVARS_END);
	return !wrong;
}

static void write_line(const char *format)
{
	static const struct logformat_process process = { .host = "h", .pid = 1 };
	static const struct settings_bind bind;
	static const struct settings_server server_settings = { .name = "s" };
	static const struct settings_service service_settings = { .name = "b" };
	static const struct settings_frontend front_settings = { .name = "f",
		                                                 .binds = &bind,
		                                                 .bind_count = 1 };
	static const struct topology_service service = { .settings = &service_settings };
	static const struct topology_frontend front = { .settings = &front_settings };
	static struct topology_server server = { .settings = &server_settings };
	struct logformat *f = NULL;
	struct error err;
	AUTO_TEXT out = { 0 };

	for (int i = 0; i < 4; i++) {
		struct record r = {
			.service = &service,
			.server = i & 1 ? &server : NULL,
			.frontend = &front,
			.bind = &bind,
			.ended = i & 2,
		};

		r.client.family = i & 1 ? AF_UNIX : AF_INET6;
		if (!logformat_new(format, &f, &err)) {
			must(err.text[0] && strlen(err.text) < sizeof(err.text));
			return;
		}
		logformat_write(f, &r, &process, &out);
		logformat_free(f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *format = malloc(size + 1);

	memcpy(format, data, size);
	format[size] = '\0';
	must(judge_pieces(format) == logvars_check(format, NULL));
	logvars_shows_addresses(format);
	write_line(format);
	free(format);
	return 0;
}
