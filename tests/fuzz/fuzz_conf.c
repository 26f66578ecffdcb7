/* SPDX-License-Identifier: MIT */
/* LAYERS: conf core base */
#include "conf/confdiff.h"
#include "conf/confwrite.h"
#include "conf/loader.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any text gives settings or at least one problem, each on one line with the file's name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 does not free a string at which its parser gives up: a leak that is not ours. */
const char *suppress_library_leaks(void) __asm__("__lsan_default_suppressions");

const char *suppress_library_leaks(void)
{
	return "leak:libconfig.so";
}

static void must(int ok)
{
	if (!ok)
		abort();
}

/* A valid configuration hangs together. */
static void check(const struct settings *s)
{
	must(s->service_count > 0);
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *v = &s->services[i];

		must(v->name && v->server_count && !v->bind_count == !!v->frontend_count);
		for (size_t j = 0; j < v->frontend_count; j++)
			must(v->frontends[j].name && v->frontends[j].bind_count);
		for (size_t j = 0; j < v->server_count; j++)
			must(v->servers[j].node < s->target_count &&
			     v->servers[j].agent <= s->target_count && v->servers[j].host &&
			     (v->servers[j].port || v->servers[j].host[4] == ':'));
	}
	for (size_t i = 0; i < s->target_count; i++)
		must(s->targets[i].name && s->targets[i].check.rise && s->targets[i].check.fall);
}

/* What is written of it is valid, and is written of that again. */
static void check_writing(const struct settings *s)
{
	AUTO_TEXT once = { 0 };
	AUTO_TEXT twice = { 0 };
	struct loader_problems p;
	struct settings *again;
	struct confdiff d;

	confwrite_settings(s, NULL, &once);
	again = loader_read_string("y.conf", text_str(&once), &p);
	must(again != NULL);
	confwrite_settings(again, NULL, &twice);
	must(strcmp(text_str(&once), text_str(&twice)) == 0);
	confdiff_compare(s, again, &d);
	must(d.count == 0);
	confdiff_release(&d);
	settings_free(again);
	loader_problems_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loader_problems p;
	struct settings *s;
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	/* Included files are not the fuzzer's to read. */
	for (char *at = strstr(text, "@include"); at; at = strstr(at, "@include"))
		*at = ' ';
	s = loader_read_string("x.conf", text, &p);
	must((s != NULL) == (p.count == 0));
	for (size_t i = 0; i < p.count; i++)
		must(strncmp(p.lines[i], "x.conf:", 7) == 0 && !strchr(p.lines[i], '\n'));
	if (s) {
		check(s);
		check_writing(s);
	}
	settings_free(s);
	loader_problems_release(&p);
	free(text);
	return 0;
}
