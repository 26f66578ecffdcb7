/* SPDX-License-Identifier: MIT */
#include "conf/lintfile.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/hcfgconvert.h"
#include "problem.h"
#include "scan.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

struct lintfile {
	struct settings *settings;
	char *name, *dir; /* dir: of included files, or NULL */
	config_t tree;    /* ours: what is written, once more; empty if that was not possible */
	const char *const *origins; /* HAProxy's: in `settings`, of each service; else NULL */
	struct mem_arena *texts;    /* names of files in places */
	bool has_stand_ins;
};

/* --- reading ------------------------------------------------------------------------------ */

static struct lintfile *make(const char *name, struct settings *settings)
{
	struct lintfile *f = mem_zalloc(sizeof(*f));

	f->name = mem_strdup(name);
	f->settings = settings;
	f->texts = mem_zalloc(sizeof(*f->texts));
	config_init(&f->tree);
	return f;
}

/* It was read well before; if it has changed since, its places are not known. */
static void read_tree(struct lintfile *f, const char *text)
{
	if (f->dir)
		config_set_include_dir(&f->tree, f->dir);
	if (!config_read_string(&f->tree, text)) {
		config_destroy(&f->tree);
		config_init(&f->tree);
	}
}

static void add_problem(struct loader_problems *p, const struct hcfgnote *note)
{
	AUTO_TEXT line = { 0 };

	hcfgnote_write(note, &line);
	while (line.len && line.data[line.len - 1] == '\n')
		line.data[--line.len] = '\0';
	p->lines = mem_resize(p->lines, p->count + 1, sizeof(*p->lines));
	p->lines[p->count++] = text_take(&line);
}

/* As `sluice import` does; only errors are problems. */
static struct lintfile *read_haproxy(const char *name, const char *text,
                                     struct loader_problems *problems)
{
	static const struct hcfgconvert_options options = { .own_admin = true };
	struct hcfglex lex = { 0 };
	struct hcfgmodel model = { 0 };
	struct hcfgnote_list notes = { 0 };
	struct hcfgconvert result;
	struct lintfile *f = NULL;

	*problems = (struct loader_problems){ 0 };
	hcfglex_text(&lex, name, text, strlen(text), &notes);
	hcfgmodel_build(&model, &lex, &notes);
	if (hcfgconvert_model(&model, &options, &notes, &result)) {
		f = make(name, result.settings);
		f->origins = result.origins;
	} else {
		hcfgnote_sort(&notes);
		for (size_t i = 0; i < notes.count; i++)
			if (notes.items[i].kind == HCFGNOTE_ERROR)
				add_problem(problems, &notes.items[i]);
	}
	hcfgmodel_release(&model);
	hcfglex_release(&lex);
	hcfgnote_release(&notes);
	return f;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_strndup(path, (size_t)(slash - path) + (slash == path)) : NULL;
}

/* The first line that says something may be indented, all of the file with it. */
static bool is_haproxys(const char *text)
{
	const char *s = text + strspn(text, " \t\r\n");

	while (*s == '#') {
		s += strcspn(s, "\n");
		s += strspn(s, " \t\r\n");
	}
	return scan_is_haproxy(s) || scan_is_haproxy(text);
}

static bool lacks_servers(const struct settings *s)
{
	for (size_t i = 0; s->discover && i < s->service_count; i++)
		if (!s->services[i].server_count)
			return true;
	return false;
}

/* The cluster is not asked; what is said of its nodes holds for any. */
static void put_stand_ins(struct lintfile *f)
{
	static const struct settings_node nodes[] = {
		{ .name = "n1", .host = "n1", .sql_port = 26257, .http_port = 8080 },
		{ .name = "n2", .host = "n2", .sql_port = 26257, .http_port = 8080 },
		{ .name = "n3", .host = "n3", .sql_port = 26257, .http_port = 8080 },
	};
	const struct loader_nodes told = { .found = { nodes, ARRAY_LEN(nodes) } };
	struct loader_problems problems = { 0 };
	struct settings *with = loader_read_again(f->settings, &told, &problems);

	loader_problems_release(&problems);
	if (!with)
		return;
	settings_free(f->settings);
	f->settings = with;
	f->has_stand_ins = with->joined.count;
}

/* `text` may be NULL. */
static struct lintfile *finish(const char *name, const char *text, struct settings *settings,
                               struct loader_problems *problems)
{
	struct lintfile *f;

	if (!settings && text && is_haproxys(text)) {
		loader_problems_release(problems);
		return read_haproxy(name, text, problems);
	}
	if (!settings)
		return NULL;
	f = make(name, settings);
	if (settings->file)
		f->dir = directory_of(name);
	if (text)
		read_tree(f, text);
	if (lacks_servers(settings))
		put_stand_ins(f);
	return f;
}

struct lintfile *lintfile_read(const char *path, struct loader_problems *problems)
{
	struct settings *settings = loader_read_file(path, problems);
	AUTO_FREE char *text = NULL;
	struct error err;

	if (!scan_read_file(path, &text, &err))
		text = NULL;
	return finish(path, text, settings, problems);
}

struct lintfile *lintfile_read_string(const char *name, const char *text,
                                      struct loader_problems *problems)
{
	return finish(name, text, loader_read_string(name, text, problems), problems);
}

void lintfile_free(struct lintfile *f)
{
	if (!f)
		return;
	config_destroy(&f->tree);
	settings_free(f->settings);
	mem_arena_release(f->texts);
	free(f->texts);
	free(f->name);
	free(f->dir);
	free(f);
}

const struct settings *lintfile_settings(const struct lintfile *f)
{
	return f->settings;
}

struct settings *lintfile_share(const struct lintfile *f)
{
	return settings_ref(f->settings);
}

const char *lintfile_name(const struct lintfile *f)
{
	return f->name;
}

bool lintfile_has_stand_ins(const struct lintfile *f)
{
	return f->has_stand_ins;
}

bool lintfile_is_haproxy(const struct lintfile *f)
{
	return f->origins != NULL;
}

/* --- places ------------------------------------------------------------------------------- */

static struct lintfile_place place_of(const struct lintfile *f, const config_setting_t *at)
{
	struct problem_list names = { .name = f->name, .dir = f->dir };
	struct lintfile_place place = { .file = f->name };

	if (!at || !at->parent)
		return place;
	place.line = at->line;
	if (at->file) {
		AUTO_FREE char *path = problem_path(&names, at->file);

		place.file = mem_arena_strdup(f->texts, path);
	}
	return place;
}

/* "listen psql (haproxy.cfg:35)": the last place of those that it names. */
static struct lintfile_place place_of_origin(const struct lintfile *f, size_t service)
{
	struct lintfile_place place = { .file = f->name };
	const char *open = NULL;
	const char *colon = NULL;

	if (service < f->settings->service_count) {
		open = strrchr(f->origins[service], '(');
		colon = strrchr(f->origins[service], ':');
	}
	if (!open || !colon || colon < open)
		return place;
	place.file = mem_arena_strndup(f->texts, open + 1, (size_t)(colon - open - 1));
	place.line = (unsigned int)strtoul(colon + 1, NULL, 10);
	return place;
}

/* The setting at exactly that path, or NULL. */
static const config_setting_t *exactly(const struct lintfile *f, const char *path)
{
	return config_lookup(&f->tree, path);
}

/* The same, or the nearest around it that is written. */
static const config_setting_t *nearest(const struct lintfile *f, const char *path)
{
	AUTO_FREE char *rest = mem_strdup(path);
	const config_setting_t *at = exactly(f, rest);

	while (!at && strrchr(rest, '.')) {
		*strrchr(rest, '.') = '\0';
		at = exactly(f, rest);
	}
	return at;
}

struct lintfile_place lintfile_find(const struct lintfile *f, const char *path)
{
	return place_of(f, f->origins ? NULL : nearest(f, path));
}

/* The first of the paths that is written, as a whole; of none, the last or what is around it. */
static struct lintfile_place first_of(const struct lintfile *f, const char *const *paths,
                                      size_t count)
{
	const config_setting_t *at = NULL;

	for (size_t i = 0; i < count && !at; i++)
		at = exactly(f, paths[i]);
	return place_of(f, at ? at : nearest(f, paths[count - 1]));
}

struct lintfile_place lintfile_service(const struct lintfile *f, size_t service, const char *key)
{
	int group = (int)strcspn(key, ".");
	AUTO_TEXT own = { 0 };
	AUTO_TEXT own_group = { 0 };
	AUTO_TEXT shared_group = { 0 };
	AUTO_TEXT itself = { 0 };

	if (f->origins)
		return place_of_origin(f, service);
	text_addf(&own, "services.[%zu].%s", service, key);
	text_addf(&own_group, "services.[%zu].%.*s", service, group, key);
	text_addf(&shared_group, "%.*s", group, key);
	text_addf(&itself, "services.[%zu]", service);
	return first_of(f,
	                (const char *[]){ text_str(&own), key, text_str(&own_group),
	                                  text_str(&shared_group), text_str(&itself) },
	                5);
}

static bool has_own_servers(const struct lintfile *f, size_t service)
{
	AUTO_TEXT path = { 0 };

	text_addf(&path, "services.[%zu].servers", service);
	return exactly(f, text_str(&path)) != NULL;
}

/* Where the check of a server may be written, from the inside out. */
static struct lintfile_place find_check(const struct lintfile *f, const char *inner,
                                        const char *outer, const char *key)
{
	AUTO_TEXT inner_key = { 0 };
	AUTO_TEXT outer_key = { 0 };
	AUTO_TEXT inner_check = { 0 };
	AUTO_TEXT outer_check = { 0 };

	text_addf(&inner_check, "%s.check", inner);
	text_addf(&outer_check, "%s.check", outer);
	text_addf(&inner_key, "%s.check.%s", inner, key ? key : "type");
	text_addf(&outer_key, "%s.check.%s", outer, key ? key : "type");
	return first_of(f,
	                (const char *[]){ text_str(&inner_key), text_str(&outer_key),
	                                  text_str(&inner_check), text_str(&outer_check), inner },
	                5);
}

struct lintfile_place lintfile_check(const struct lintfile *f, size_t service, size_t server,
                                     const char *key)
{
	AUTO_TEXT inner = { 0 };
	AUTO_TEXT outer = { 0 };

	if (f->origins)
		return place_of_origin(f, service);
	if (!has_own_servers(f, service))
		return find_check(f, "cluster", "cluster", key);
	text_addf(&inner, "services.[%zu].servers.[%zu]", service, server);
	text_addf(&outer, "services.[%zu]", service);
	return find_check(f, text_str(&inner), text_str(&outer), key);
}

struct lintfile_place lintfile_server(const struct lintfile *f, size_t service, size_t server,
                                      const char *key)
{
	AUTO_TEXT own = { 0 };
	AUTO_TEXT common = { 0 };
	AUTO_TEXT itself = { 0 };

	if (f->origins)
		return place_of_origin(f, service);
	if (has_own_servers(f, service))
		text_addf(&itself, "services.[%zu].servers.[%zu]", service, server);
	else
		text_addf(&itself, "cluster.nodes.[%zu]", server);
	text_addf(&own, "%s.%s", text_str(&itself), key);
	text_addf(&common, "cluster.server.%s", key);
	return first_of(f, (const char *[]){ text_str(&own), text_str(&common), text_str(&itself) },
	                3);
}
