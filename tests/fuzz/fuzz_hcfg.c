/* SPDX-License-Identifier: MIT */
/* LAYERS: conf core base */
#include "conf/confwrite.h"
#include "conf/hcfgconvert.h"
#include "conf/loader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Any bytes give errors, or settings; and what is written of settings loads as something that is
 * written with the same bytes, unless it wants users, files or addresses that cannot be had.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static const char *get(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "A") == 0 ? "a b" : NULL;
}

/* Problems that do not come from the writing: what this host lacks, and addresses taken twice. */
static int is_excused(const struct loader_problems *p)
{
	static const char *const words[] = { "on this host", "cannot be used",
		                             "already listened on", " is not a " };

	for (size_t i = 0; i < p->count; i++) {
		size_t w = 0;

		while (w < sizeof(words) / sizeof(words[0]) && !strstr(p->lines[i], words[w]))
			w++;
		if (w == sizeof(words) / sizeof(words[0]))
			return 0;
	}
	return 1;
}

static void check(const struct settings *s)
{
	struct loader_problems problems = { 0 };
	AUTO_TEXT once = { 0 };
	AUTO_TEXT twice = { 0 };
	struct settings *loaded;

	must(s->service_count > 0);
	confwrite_settings(s, NULL, &once);
	loaded = loader_read_string("x.conf", text_str(&once), &problems);
	if (loaded) {
		must(loaded->service_count == s->service_count);
		must(loaded->target_count == s->target_count);
		confwrite_settings(loaded, NULL, &twice);
		must(strcmp(text_str(&once), text_str(&twice)) == 0);
	} else {
		must(is_excused(&problems));
	}
	loader_problems_release(&problems);
	settings_free(loaded);
}

/* As settings for a file, or to be run at once. */
static void convert(const uint8_t *data, size_t size, bool direct)
{
	const struct hcfgconvert_options options = { .own_admin = !direct, .direct = direct };
	struct hcfglex lex = { .environment = { get, NULL } };
	struct hcfgmodel model = { 0 };
	struct hcfgnote_list notes = { 0 };
	struct hcfgconvert result;
	AUTO_TEXT lines = { 0 };

	hcfglex_text(&lex, "h.cfg", (const char *)data, size, &notes);
	hcfgmodel_build(&model, &lex, &notes);
	if (hcfgconvert_model(&model, &options, &notes, &result)) {
		if (!direct)
			check(result.settings);
		settings_free(result.settings);
	} else {
		must(notes.of_kind[HCFGNOTE_ERROR] > 0);
	}
	hcfgnote_sort(&notes);
	for (size_t i = 0; i < notes.count; i++)
		hcfgnote_write(&notes.items[i], &lines);
	hcfgmodel_release(&model);
	hcfglex_release(&lex);
	hcfgnote_release(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	convert(data, size, false);
	convert(data, size, true);
	return 0;
}
