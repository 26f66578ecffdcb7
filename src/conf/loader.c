/* SPDX-License-Identifier: MIT */
#include "conf/loader.h"

#include "assemble.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/nodeset.h"
#include "discoverkeys.h"
#include "draft.h"
#include "keyreader.h"
#include "problem.h"
#include "scan.h"
#include "validate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What libconfig 1.5 says, in words that help. */
static void explain(const config_t *cfg, const char *text, struct problem_list *problems)
{
	const char *said = config_error_text(cfg);
	const char *written = config_error_file(cfg);
	AUTO_FREE char *file = written ? problem_path(problems, written) : NULL;
	int at = config_error_line(cfg);
	unsigned int line = at > 0 ? (unsigned int)at : 1;
	AUTO_FREE char *included = NULL;

	if (said && strcmp(said, "duplicate setting name") == 0) {
		problem_add_line(problems, file, line,
		                 "a name is written twice in the same group: keep one of them");
	} else if (said && strcmp(said, "mismatched element type in array") == 0) {
		problem_add_line(
		    problems, file, line,
		    "the elements of [ ] must be of one kind: use ( ) for a mixed list");
	} else if (said && strcmp(said, "syntax error") != 0) {
		problem_add_line(problems, file, line, "%s", said);
	} else if (!file) {
		scan_explain(NULL, text, line, problems);
	} else if (scan_read_file(file, &included, NULL)) {
		scan_explain(file, included, line, problems);
	} else {
		problem_add_line(problems, file, line, "the line cannot be understood");
	}
}

static void read_defaults(config_t *cfg)
{
	AUTO_TEXT t = { 0 };
	int ok;

	keyreader_write_defaults(&t);
	ok = config_read_string(cfg, text_str(&t));
	assert(ok);
}

/* What is read, and under which circumstances. */
struct source {
	const char *name; /* of the configuration, in messages and as settings.file */
	const char *dir;  /* where included files are, or NULL */
	const char *text; /* what was written */
	bool again;       /* draft_context.again */
	const struct loader_nodes *nodes; /* or NULL */
};

static struct settings_nodes written_nodes(const struct draft_context *c,
                                           const struct draft_cluster *cluster)
{
	const struct draft_node *nodes = cluster->nodes.at;
	struct settings_node *at = mem_arena_zalloc(c->arena, cluster->nodes.count * sizeof(*at));

	for (size_t i = 0; i < cluster->nodes.count; i++)
		at[i] = nodes[i].n;
	return (struct settings_nodes){ at, cluster->nodes.count };
}

/* The nodes that the cluster told become nodes of the draft. */
static void join_nodes(struct draft_context *c, struct draft_root *root, const struct source *src)
{
	struct settings_nodes written = written_nodes(c, &root->cluster);
	struct settings_nodes selected = { 0 };

	root->s.discover = discoverkeys_make(c, &root->cluster.discover);
	if (!root->s.discover)
		return;
	root->s.text = mem_arena_strdup(c->arena, src->text);
	root->s.written = written;
	if (!src->nodes)
		return;
	nodeset_copy(&src->nodes->found, c->arena, &root->s.found);
	root->s.found_wall_ms = src->nodes->wall_ms;
	/* With another filter than before there may be none. */
	if (nodeset_select(&root->s.found, root->s.discover, c->arena, &selected, NULL))
		nodeset_join(&written, &selected, c->arena, &root->s.joined);
	root->s.elsewhere = root->s.found.count - selected.count;
	nodeset_leave(&src->nodes->leaving, &written, &root->s.joined, c->arena, &root->s.leaving);
	keyreader_add_nodes(c, &root->cluster, &root->s.joined);
	keyreader_add_nodes(c, &root->cluster, &root->s.leaving);
}

/* The whole way from a parsed file to settings; NULL if there is a problem. */
static struct settings *build(const config_t *cfg, const struct source *src,
                              struct problem_list *problems)
{
	struct settings *settings = settings_new();
	struct draft_root root = { .s = *settings };
	struct draft_context c = { .arena = &root.s.arena,
		                   .problems = problems,
		                   .again = src->again };
	config_t defaults;

	settings->arena = (struct mem_arena){ 0 }; /* the draft has it now */
	config_init(&defaults);
	read_defaults(&defaults);
	c.defaults = &defaults;
	keyreader_root(&c, config_root_setting(cfg), &root);
	validate_draft(&c, &root);
	if (!problems->count) {
		join_nodes(&c, &root, src);
		root.s.file = mem_arena_strdup(c.arena, src->name);
		assemble_settings(&c, &root, settings);
	}
	config_destroy(&defaults);
	mem_arena_release(&root.s.arena);
	if (problems->count) {
		settings_free(settings);
		return NULL;
	}
	return settings;
}

/* One line in place of many that nobody needs. */
static void explain_haproxy(const char *text, struct problem_list *problems)
{
	if (!scan_is_haproxy(text))
		return;
	problem_release(problems);
	problem_add_line(problems, NULL, 1,
	                 "this looks like HAProxy's configuration: sluice gen writes one of ours");
}

static struct settings *load(const struct source *from, struct problem_list *problems)
{
	const char *text = from->text;
	struct settings *settings = NULL;
	struct source src = *from;
	AUTO_TEXT whole = { 0 };
	config_t cfg;

	problems->dir = src.dir;
	if (!scan_whole(text, src.dir, problems, &whole)) {
		explain_haproxy(text, problems);
		return NULL;
	}
	config_init(&cfg);
	if (src.dir)
		config_set_include_dir(&cfg, src.dir);
	if (config_read_string(&cfg, text)) {
		src.text = text_str(&whole);
		settings = build(&cfg, &src, problems);
	} else {
		explain(&cfg, text, problems);
		explain_haproxy(text, problems);
	}
	config_destroy(&cfg);
	return settings;
}

static void finish(struct problem_list *list, struct loader_problems *ret)
{
	*ret = (struct loader_problems){ 0 };
	ret->lines = problem_take_lines(list, &ret->count);
}

struct settings *loader_read_string(const char *name, const char *text,
                                    struct loader_problems *problems)
{
	struct problem_list list = { .name = name };
	struct settings *settings = load(&(struct source){ .name = name, .text = text }, &list);

	/* There is no file that could be read again. */
	if (settings)
		settings->file = NULL;
	finish(&list, problems);
	return settings;
}

struct settings *loader_read_again(const struct settings *s, const struct loader_nodes *nodes,
                                   struct loader_problems *problems)
{
	const char *name = s->file ? s->file : "the configuration";
	struct problem_list list = { .name = name };
	struct settings *settings =
	    load(&(struct source){ .name = name, .text = s->text, .again = true, .nodes = nodes },
	         &list);

	if (settings && !s->file)
		settings->file = NULL;
	finish(&list, problems);
	return settings;
}

struct settings *loader_read_file(const char *path, struct loader_problems *problems)
{
	return loader_read_file_with(path, NULL, problems);
}

struct settings *loader_read_file_with(const char *path, const struct loader_nodes *nodes,
                                       struct loader_problems *problems)
{
	struct problem_list list = { .name = path };
	struct settings *settings = NULL;
	AUTO_FREE char *text = NULL;
	struct error err;

	if (scan_read_file(path, &text, &err)) {
		const char *slash = strrchr(path, '/');
		AUTO_FREE char *dir =
		    slash ? mem_strndup(path, (size_t)(slash - path) + (slash == path)) : NULL;

		settings =
		    load(&(struct source){ .name = path, .dir = dir, .text = text, .nodes = nodes },
		         &list);
	} else {
		problem_add_line(&list, NULL, 0, "%s", err.text);
	}
	finish(&list, problems);
	return settings;
}

void loader_problems_release(struct loader_problems *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->lines[i]);
	free(p->lines);
	*p = (struct loader_problems){ 0 };
}
