/* SPDX-License-Identifier: MIT */
#include "cli/importcmd.h"

#include "cli/options.h"
#include "cli/outfile.h"
#include "conf/confwrite.h"
#include "conf/hcfgconvert.h"
#include "conf/loader.h"

/* One run: files in, notes and a text out. */
struct import {
	const struct console *console;
	struct hcfglex lex;
	struct hcfgmodel model;
	struct hcfgnote_list notes;
	struct text text;
	size_t service_count, server_count;
};

static void say_notes(struct import *im)
{
	AUTO_TEXT lines = { 0 };

	hcfgnote_sort(&im->notes);
	for (size_t i = 0; i < im->notes.count; i++)
		hcfgnote_write(&im->notes.items[i], &lines);
	if (im->notes.left_out)
		text_addf(&lines, "... and %zu more\n", im->notes.left_out);
	fputs(text_str(&lines), im->console->err);
}

static void write_text(struct import *im, const struct hcfgconvert *result, char **files,
                       size_t count)
{
	AUTO_TEXT head = { 0 };
	struct confwrite_comments comments = { .origins = result->origins };
	size_t losses = im->notes.of_kind[HCFGNOTE_LOSS];

	text_add(&head, "sluice: a configuration of HAProxy in sluice's words, from");
	for (size_t i = 0; i < count; i++)
		text_addf(&head, "%s %s", i ? "," : "", files[i]);
	if (losses)
		text_addf(&head,
		          ".\nIt behaves like the original but for %zu thing%s: `sluice import` "
		          "says which.\n",
		          losses, losses == 1 ? "" : "s");
	else
		text_add(&head, ".\nIt behaves like the original.\n");
	text_add(&head,
	         "\nWorth a thought, once it runs: redispatch = true lets a failed connect go "
	         "to another server;\n"
	         "init_state = \"down\" waits for a server's first good check; drain_status = "
	         "( 503 ) stops new\n"
	         "sessions as soon as a CockroachDB node drains. sluice.conf(5) explains every "
	         "key.\n");
	comments.head = text_str(&head);
	confwrite_settings(result->settings, &comments, &im->text);
	im->service_count = result->settings->service_count;
	for (size_t i = 0; i < im->service_count; i++)
		im->server_count += result->settings->services[i].server_count;
}

/* Users, groups and files that the result names and this host does not have. */
static size_t say_missing(struct import *im)
{
	struct loader_problems problems = { 0 };
	struct settings *s = loader_read_string("the result", text_str(&im->text), &problems);
	size_t n = problems.count;

	if (n)
		fputs("sluice: the result is not valid on this host yet:\n", im->console->err);
	for (size_t i = 0; i < n; i++)
		fprintf(im->console->err, "  %s\n", problems.lines[i]);
	loader_problems_release(&problems);
	settings_free(s);
	return n;
}

static int finish(struct import *im, const struct options *o)
{
	const struct console *c = im->console;
	const char *path = options_value(o, "out");
	size_t losses = im->notes.of_kind[HCFGNOTE_LOSS];
	size_t missing = say_missing(im);
	struct error err;

	if (options_has(o, "strict") && losses) {
		fprintf(c->err,
		        "sluice: %zu thing%s not carried over, and --strict: nothing is written\n",
		        losses, losses == 1 ? " is" : "s are");
		return CONSOLE_INVALID;
	}
	if (path == NULL)
		fwrite(im->text.data, 1, im->text.len, c->out);
	else if (!outfile_replace(path, im->text.data, im->text.len, &err))
		return console_fail(c, &err);
	if (path != NULL)
		fprintf(c->err,
		        "%s: written, %zu service%s, %zu server%s; next: sluice check -f %s\n",
		        path, im->service_count, im->service_count == 1 ? "" : "s",
		        im->server_count, im->server_count == 1 ? "" : "s", path);
	return missing ? CONSOLE_INVALID : CONSOLE_OK;
}

int importcmd_main(const struct console *c, int argc, char **argv)
{
	static const struct hcfgconvert_options options = { .own_admin = true };
	struct import im = { .console = c };
	struct hcfgconvert result;
	struct options o;
	struct error err;
	int status = CONSOLE_INVALID;

	if (!options_parse(&o, COMMANDS_IMPORT, argc, argv, &err))
		return console_usage(c, commands_get(COMMANDS_IMPORT), &err);
	for (size_t i = 0; i < o.word_count; i++)
		hcfglex_read(&im.lex, o.words[i], &im.notes);
	hcfgmodel_build(&im.model, &im.lex, &im.notes);
	if (hcfgconvert_model(&im.model, &options, &im.notes, &result)) {
		write_text(&im, &result, o.words, o.word_count);
		settings_free(result.settings);
		say_notes(&im);
		status = finish(&im, &o);
	} else {
		say_notes(&im);
	}
	text_release(&im.text);
	hcfgmodel_release(&im.model);
	hcfglex_release(&im.lex);
	hcfgnote_release(&im.notes);
	return status;
}
