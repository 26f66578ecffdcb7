/* SPDX-License-Identifier: MIT */
#include "conf/hcfglex.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "hcfgsplit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NESTING_MAX = 16 };

struct hcfglex_variable {
	const char *name;
	const char *value; /* NULL: unset */
	struct hcfglex_variable *next;
};

/* The branches of one .if block. */
enum branch {
	BRANCH_TAKEN,  /* lines are read */
	BRANCH_WANTED, /* not yet: a later .elif or .else may be taken */
	BRANCH_DONE    /* one was taken before, or the block around it is not read */
};

/* One file while it is read. */
struct reading {
	struct hcfglex *lex;
	struct hcfgnote_list *notes;
	struct hcfgnote_place place;
	struct hcfgcond_variables variables;
	enum branch blocks[NESTING_MAX];
	bool had_else[NESTING_MAX];
	size_t depth;
	bool begun;
	bool said_no_break_space;
};

static const char *get_variable(void *context, const char *name)
{
	struct reading *r = context;
	struct hcfglex *lex = r->lex;

	if (strcmp(name, ".FILE") == 0)
		return r->place.file;
	if (strcmp(name, ".LINE") == 0)
		return mem_arena_printf(&lex->arena, "%u", r->place.line);
	if (strcmp(name, ".SECTION") == 0)
		return lex->section ? lex->section : "";
	for (const struct hcfglex_variable *v = lex->variables; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v->value;
	if (lex->ignore_environment)
		return NULL;
	if (lex->environment.get)
		return lex->environment.get(lex->environment.context, name);
	return secure_getenv(name);
}

static void set_variable(struct reading *r, const char *name, const char *value)
{
	struct hcfglex_variable *v = mem_arena_zalloc(&r->lex->arena, sizeof(*v));

	*v = (struct hcfglex_variable){ name, value, r->lex->variables };
	r->lex->variables = v;
}

/* The directives of "global" that change what later lines see (manual, 3.1). */
static void note_environment(struct reading *r, const char *const *words, size_t count)
{
	bool preset = strcmp(words[0], "presetenv") == 0;

	if ((preset || strcmp(words[0], "setenv") == 0) && count > 2) {
		if (!preset || !get_variable(r, words[1]))
			set_variable(r, words[1], words[2]);
	} else if (strcmp(words[0], "unsetenv") == 0) {
		for (size_t i = 1; i < count; i++)
			set_variable(r, words[i], NULL);
	} else if (strcmp(words[0], "resetenv") == 0) {
		struct hcfglex_variable *kept = NULL;

		for (size_t i = 1; i < count; i++) {
			struct hcfglex_variable *v = mem_arena_zalloc(&r->lex->arena, sizeof(*v));

			*v = (struct hcfglex_variable){ words[i], get_variable(r, words[i]), kept };
			kept = v;
		}
		r->lex->variables = kept;
		r->lex->ignore_environment = true;
	}
}

static bool begins_section(const char *word)
{
	static const char *const sections[] = { "global", "defaults", "frontend", "backend",
		                                "listen" };

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strcmp(sections[i], word) == 0)
			return true;
	return false;
}

/* The place of the address in a line, 0 if it has none. */
static size_t find_address(const struct hcfgsplit *split)
{
	static const struct {
		const char *name;
		size_t at;
	} lines[] = { { "bind", 1 },  { "log", 1 },        { "source", 1 },         { "server", 2 },
		      { "stats", 2 }, { "nameserver", 2 }, { "server-template", 3 } };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strcmp(split->words[0], lines[i].name) == 0 && lines[i].at < split->count)
			return lines[i].at;
	return 0;
}

/* In addresses HAProxy resolves variables outside of quotes, too (2.3: "environment variables"). */
static void expand_address(struct reading *r, const struct hcfgsplit *split, const char **words)
{
	size_t at = find_address(split);
	AUTO_TEXT quoted = { 0 };
	struct hcfgsplit expanded;

	if (!at || !strchr(words[at], '$') || strpbrk(words[at], "\"\\"))
		return;
	text_addf(&quoted, "\"%s\"", words[at]);
	if (hcfgsplit_line(text_str(&quoted), &r->variables, &r->lex->arena, &expanded, NULL) &&
	    expanded.count == 1)
		words[at] = expanded.words[0];
}

static void add_line(struct reading *r, const struct hcfgsplit *split)
{
	struct hcfglex *lex = r->lex;
	const char **words = mem_arena_zalloc(&lex->arena, split->count * sizeof(*words));

	memcpy(words, split->words, split->count * sizeof(*words));
	expand_address(r, split, words);
	if (lex->count == lex->room) {
		lex->room = lex->room ? lex->room * 2 : 64;
		lex->lines = mem_resize(lex->lines, lex->room, sizeof(*lex->lines));
	}
	lex->lines[lex->count++] = (struct hcfglex_line){
		.place = r->place, .words = words, .count = split->count, .first_of_file = !r->begun
	};
	r->begun = true;
	if (begins_section(words[0]))
		lex->section = split->count > 1 ? words[1] : words[0];
	else
		note_environment(r, words, split->count);
}

static bool is_read(const struct reading *r)
{
	return !r->depth || r->blocks[r->depth - 1] == BRANCH_TAKEN;
}

/* The rest of the line as one text again, as conditions are written. */
static void join(const struct hcfgsplit *split, struct text *ret)
{
	for (size_t i = 1; i < split->count; i++)
		text_addf(ret, "%s%s", i > 1 ? " " : "", split->words[i]);
}

static enum branch decide(struct reading *r, const struct hcfgsplit *split)
{
	AUTO_TEXT expression = { 0 };
	struct error err;
	bool is_true = false;

	join(split, &expression);
	if (!hcfgcond_eval(text_str(&expression), &r->variables, &is_true, &err))
		hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place, "%s: %s", split->words[0],
		             err.text);
	return is_true ? BRANCH_TAKEN : BRANCH_WANTED;
}

static void begin_block(struct reading *r, const struct hcfgsplit *split)
{
	enum branch branch = is_read(r) ? decide(r, split) : BRANCH_DONE;

	if (r->depth == NESTING_MAX) {
		hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place, ".if: more than %d levels",
		             NESTING_MAX);
		return;
	}
	r->had_else[r->depth] = false;
	r->blocks[r->depth++] = branch;
}

static void switch_block(struct reading *r, const struct hcfgsplit *split)
{
	bool otherwise = strcmp(split->words[0], ".else") == 0;
	enum branch *branch;

	if (!r->depth || r->had_else[r->depth - 1]) {
		hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place, "%s %s", split->words[0],
		             r->depth ? "after .else" : "without .if");
		return;
	}
	branch = &r->blocks[r->depth - 1];
	r->had_else[r->depth - 1] = otherwise;
	if (*branch != BRANCH_WANTED)
		*branch = BRANCH_DONE;
	else
		*branch = otherwise ? BRANCH_TAKEN : decide(r, split);
}

static void say(struct reading *r, const struct hcfgsplit *split)
{
	bool alert = strcmp(split->words[0], ".alert") == 0;
	AUTO_TEXT message = { 0 };

	join(split, &message);
	if (strcmp(split->words[0], ".diag") != 0)
		hcfgnote_add(r->notes, alert ? HCFGNOTE_ERROR : HCFGNOTE_REMARK, r->place, "%s: %s",
		             split->words[0], text_str(&message));
}

/* A line that begins with a dot; false if it is none of these. */
static bool follow_macro(struct reading *r, const struct hcfgsplit *split)
{
	const char *word = split->words[0];

	if (strcmp(word, ".if") == 0) {
		begin_block(r, split);
	} else if (strcmp(word, ".elif") == 0 || strcmp(word, ".else") == 0) {
		switch_block(r, split);
	} else if (strcmp(word, ".endif") == 0) {
		if (r->depth)
			r->depth--;
		else
			hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place, ".endif without .if");
	} else if (strcmp(word, ".notice") == 0 || strcmp(word, ".warning") == 0 ||
	           strcmp(word, ".alert") == 0 || strcmp(word, ".diag") == 0) {
		if (is_read(r))
			say(r, split);
	} else {
		return false;
	}
	return true;
}

static void read_line(struct reading *r, const char *line)
{
	struct hcfgsplit split;
	struct error err;

	if (!hcfgsplit_line(line, &r->variables, &r->lex->arena, &split, &err)) {
		if (is_read(r))
			hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place, "%s", err.text);
		return;
	}
	if (split.no_break_space && !r->said_no_break_space) {
		r->said_no_break_space = true;
		hcfgnote_add(
		    r->notes, HCFGNOTE_REMARK, r->place,
		    "there are no-break spaces (U+00A0) between the words, which look like "
		    "spaces and make HAProxy say \"unknown keyword\"; they are read as spaces");
	}
	if (!split.count || !*split.words[0])
		return;
	if (*split.words[0] != '.' || !follow_macro(r, &split))
		if (is_read(r))
			add_line(r, &split);
}

static void read_lines(struct reading *r, const char *at, const char *end)
{
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((feed ? feed : end) - at);
		AUTO_FREE char *line = NULL;

		r->place.line++;
		if (len > HCFGLEX_LINE_MAX) {
			hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place,
			             "the line is longer than %d bytes", HCFGLEX_LINE_MAX);
		} else {
			line = mem_strndup(at, len);
			read_line(r, line);
		}
		if (!feed)
			hcfgnote_add(r->notes, HCFGNOTE_ERROR, r->place,
			             "the last line has no line feed: the file may have been cut "
			             "off; end it with one");
		at += len + 1;
	}
}

void hcfglex_text(struct hcfglex *lex, const char *name, const char *bytes, size_t len,
                  struct hcfgnote_list *notes)
{
	struct reading r = { .lex = lex, .notes = notes };
	const char *nul = len ? memchr(bytes, '\0', len) : NULL;

	r.variables = (struct hcfgcond_variables){ get_variable, &r };
	r.place = (struct hcfgnote_place){ mem_arena_strdup(&lex->arena, name), lex->files++, 0 };
	if (nul) {
		for (const char *s = bytes; s <= nul; s++)
			r.place.line += s == bytes || s[-1] == '\n';
		hcfgnote_add(notes, HCFGNOTE_ERROR, r.place, "there is a NUL: this is not a text");
		return;
	}
	if (len > HCFGLEX_FILE_MAX) {
		hcfgnote_add(notes, HCFGNOTE_ERROR, r.place, "the file is longer than %d bytes",
		             HCFGLEX_FILE_MAX);
		return;
	}
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3; /* the mark that some editors begin UTF-8 with */
		len -= 3;
	}
	read_lines(&r, bytes, bytes + len);
	if (r.depth)
		hcfgnote_add(notes, HCFGNOTE_ERROR, r.place, ".if without .endif");
}

static bool read_bytes(const char *path, struct text *ret, struct error *err)
{
	FILE *f = fopen(path, "re");
	char bytes[16384];
	size_t n;
	bool ok;

	if (!f)
		return error_sys(err, errno, "cannot be read");
	while (ret->len <= HCFGLEX_FILE_MAX && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		text_addn(ret, bytes, n);
	ok = !ferror(f) || error_sys(err, errno, "cannot be read");
	fclose(f);
	return ok;
}

static void read_file(struct hcfglex *lex, const char *path, struct hcfgnote_list *notes)
{
	AUTO_TEXT bytes = { 0 };
	struct error err;

	if (read_bytes(path, &bytes, &err))
		hcfglex_text(lex, path, text_str(&bytes), bytes.len, notes);
	else
		hcfgnote_add(notes, HCFGNOTE_ERROR,
		             (struct hcfgnote_place){ path, lex->files++, 0 }, "%s", err.text);
}

static int is_cfg(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return *e->d_name != '.' && len > 4 && strcmp(e->d_name + len - 4, ".cfg") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void hcfglex_read(struct hcfglex *lex, const char *path, struct hcfgnote_list *notes)
{
	struct dirent **entries = NULL;
	struct stat st;
	int count;

	if (stat(path, &st) == -1 || !S_ISDIR(st.st_mode)) {
		read_file(lex, path, notes);
		return;
	}
	count = scandir(path, &entries, is_cfg, by_name);
	if (count <= 0)
		hcfgnote_add(notes, HCFGNOTE_ERROR,
		             (struct hcfgnote_place){ path, lex->files++, 0 }, "%s",
		             count < 0 ? "the directory cannot be read"
		                       : "there is no *.cfg in the directory");
	for (int i = 0; i < count; i++) {
		AUTO_TEXT file = { 0 };

		text_addf(&file, "%s/%s", path, entries[i]->d_name);
		read_file(lex, text_str(&file), notes);
		free(entries[i]);
	}
	free(entries);
}

void hcfglex_release(struct hcfglex *lex)
{
	free(lex->lines);
	mem_arena_release(&lex->arena);
	*lex = (struct hcfglex){ 0 };
}
