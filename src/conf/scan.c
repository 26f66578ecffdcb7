/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	DEPTH_MAX = 64,   /* of brackets */
	INCLUDES_MAX = 8, /* of files in files; libconfig's limit is 10 */
	FILE_MAX = 16 << 20
};

struct bracket {
	char open;
	unsigned int line;
};

struct scan {
	const char *file; /* NULL: the configuration itself */
	const char *dir;
	const char *at;
	unsigned int line;
	bool line_start; /* only blanks since the line began */
	char last;       /* the first character of the last token */
	unsigned int last_line;
	struct bracket open[DEPTH_MAX];
	size_t depth;
	int includes;       /* how deep */
	size_t *budget;     /* bytes that included files may still have, all together */
	struct text *whole; /* gets the text with what it includes; or NULL */
	const char *copied; /* up to here */
	struct problem_list *problems;
	bool ok;
};

static bool scan_one(const char *file, const char *text, const struct scan *from);

bool scan_read_file(const char *path, char **ret, struct error *err)
{
	FILE *f = fopen(path, "re");
	char buf[8192];
	struct text t = { 0 };
	struct stat st;
	bool ok = true;
	size_t n;

	if (!f)
		return error_sys(err, errno, "cannot be read");
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
		ok = error_sys(err, EISDIR, "cannot be read");
	while (ok && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
		if (memchr(buf, '\0', n))
			ok = error_set(err, "this is not a text file: it has a NUL byte");
		text_addn(&t, buf, n);
		if (t.len > FILE_MAX)
			ok = error_set(err, "this is no configuration: it is larger than 16 MB");
	}
	if (ok && ferror(f))
		ok = error_sys(err, errno, "cannot be read");
	fclose(f);
	if (ok)
		*ret = text_take(&t);
	text_release(&t);
	return ok;
}

#define report(s, at_line, ...)                                                                    \
	do {                                                                                       \
		problem_add_line((s)->problems, (s)->file, (at_line), __VA_ARGS__);                \
		(s)->ok = false;                                                                   \
	} while (0)

static void advance(struct scan *s)
{
	if (*s->at == '\n') {
		s->line++;
		s->line_start = true;
	} else if (*s->at != ' ' && *s->at != '\t') {
		s->line_start = false;
	}
	s->at++;
}

static void skip_comment(struct scan *s)
{
	unsigned int line = s->line;

	s->at += 2;
	s->line_start = false;
	while (*s->at && strncmp(s->at, "*/", 2) != 0)
		advance(s);
	if (*s->at)
		s->at += 2;
	else
		report(s, line, "the comment that begins here has no end: write */");
	s->line_start = false;
}

static void skip_string(struct scan *s)
{
	unsigned int line = s->line;

	advance(s);
	while (*s->at && *s->at != '"') {
		if (*s->at == '\\' && s->at[1])
			advance(s);
		advance(s);
	}
	if (*s->at)
		s->at++;
	else
		report(s, line, "the string that begins here has no end: write a closing \"");
}

/* A number as libconfig takes it: 32 bits wide without L, and wrapped around without a word. */
static void take_number(struct scan *s)
{
	const char *start = s->at;
	char *end;
	bool hex = start[0] == '0' && (start[1] == 'x' || start[1] == 'X');
	unsigned long long n;
	bool wide;

	errno = 0;
	n = strtoull(start, &end, hex ? 16 : 10);
	wide = *end == 'L';
	if (*end != '.' && *end != 'e' && *end != 'E' &&
	    (errno == ERANGE || n > (wide ? (unsigned long long)LLONG_MAX : INT_MAX)))
		report(s, s->line, "the number %.*s is too large", (int)(end - start), start);
	while (isalnum((unsigned char)*s->at) || *s->at == '.')
		advance(s);
}

static void take_open(struct scan *s)
{
	if (s->depth == DEPTH_MAX) {
		report(s, s->line, "brackets are nested more than %d deep", DEPTH_MAX);
		s->at += strlen(s->at);
		return;
	}
	s->open[s->depth++] = (struct bracket){ *s->at, s->line };
	advance(s);
}

static void take_close(struct scan *s)
{
	char want = '[';

	if (*s->at == '}')
		want = '{';
	else if (*s->at == ')')
		want = '(';

	if (s->last == ',' && *s->at != '}')
		report(s, s->last_line, "take away the comma before %c", *s->at);
	else if (!s->depth)
		report(s, s->line, "\"%c\" closes nothing: take it out, or open it before", *s->at);
	else if (s->open[--s->depth].open != want)
		report(s, s->line, "\"%c\" does not close the \"%c\" of line %u", *s->at,
		       s->open[s->depth].open, s->open[s->depth].line);
	if (!s->ok)
		s->at += strlen(s->at); /* what follows would only be echoes */
	else
		advance(s);
}

/* A pipe would never end, a device neither. */
static bool read_included(const struct scan *s, const char *path, char **ret, struct error *err)
{
	struct stat st;
	size_t len;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return error_set(err, "it is not a file");
	if (!scan_read_file(path, ret, err))
		return false;
	len = strlen(*ret) + 1;
	if (len >= *s->budget) {
		*s->budget = 0; /* nothing more is read */
		return error_set(err, "all included files together are larger than 16 MB");
	}
	*s->budget -= len;
	return true;
}

static void copy_up_to(struct scan *s, const char *end)
{
	if (s->whole)
		text_addn(s->whole, s->copied, (size_t)(end - s->copied));
	s->copied = end;
}

/* libconfig ends the process over a directory, and it reads what is here again. */
static void check_include(struct scan *s, const char *path)
{
	AUTO_FREE char *text = NULL;
	struct error err;

	if (s->includes == INCLUDES_MAX)
		report(s, s->line, "files include each other more than %d deep", INCLUDES_MAX);
	else if (!read_included(s, path, &text, &err))
		report(s, s->line, "\"%.100s\" is to be included: %s", path, err.text);
	else if (!scan_one(path, text, s))
		s->ok = false;
	/* It may end in a comment. */
	if (s->whole)
		text_addc(s->whole, '\n');
}

/* @include "path" at the start of a line. */
static void take_include(struct scan *s)
{
	AUTO_TEXT path = { 0 };
	const char *start = s->at;
	const char *name = start + strlen("@include");
	size_t len;

	name += strspn(name, " \t");
	if (*name != '"') {
		advance(s);
		return;
	}
	name++;
	len = strcspn(name, "\"\n\\");
	if (name[len] != '"') {
		report(s, s->line, "write @include \"path\" on one line, without backslashes");
		s->at = name + len;
		return;
	}
	s->at = name + len + 1;
	s->line_start = false;
	/* libconfig 1.5 puts its include directory before any name. */
	if (s->dir && *name == '/') {
		report(s, s->line,
		       "\"%.*s\" is to be included: write a path relative to this configuration's "
		       "directory, %.60s",
		       (int)(len > 100 ? 100 : len), name, s->dir);
		return;
	}
	if (s->dir)
		text_addf(&path, "%s/", s->dir);
	text_addn(&path, name, len);
	copy_up_to(s, start);
	s->copied = s->at;
	check_include(s, text_str(&path));
}

/* What stands between tokens. */
static bool skip_blank(struct scan *s)
{
	const char *p = s->at;

	if (strncmp(p, "/*", 2) == 0) {
		skip_comment(s);
	} else if (*p == '#' || strncmp(p, "//", 2) == 0) {
		while (*s->at && *s->at != '\n')
			s->at++;
	} else if (isspace((unsigned char)*p)) {
		advance(s);
	} else {
		return false;
	}
	return true;
}

static void take_token(struct scan *s)
{
	const char *p = s->at;
	unsigned int line = s->line;

	if (skip_blank(s))
		return;
	if (*p == '"') {
		skip_string(s);
	} else if (strchr("{([", *p)) {
		take_open(s);
	} else if (strchr("})]", *p)) {
		take_close(s);
	} else if (*p == '@' && s->line_start && strncmp(p, "@include", 8) == 0) {
		take_include(s);
	} else if (isdigit((unsigned char)*p)) {
		take_number(s);
	} else if (isalpha((unsigned char)*p) || *p == '*') {
		while (isalnum((unsigned char)*s->at) || (*s->at && strchr("-_*", *s->at)))
			advance(s);
	} else {
		advance(s);
	}
	s->last = *p;
	s->last_line = line;
}

/* `from`: what includes the text; of the configuration itself the limits and the list. */
static bool scan_one(const char *file, const char *text, const struct scan *from)
{
	struct scan s = { .file = file,
		          .dir = from->dir,
		          .at = text,
		          .line = 1,
		          .line_start = true,
		          .includes = file ? from->includes + 1 : 0,
		          .budget = from->budget,
		          .whole = from->whole,
		          .copied = text,
		          .problems = from->problems,
		          .ok = true };

	while (*s.budget && s.at && *s.at)
		take_token(&s);
	if (s.ok && s.depth)
		report(&s, s.open[s.depth - 1].line, "the \"%c\" that opens here is never closed",
		       s.open[s.depth - 1].open);
	if (s.ok)
		copy_up_to(&s, s.at);
	return s.ok;
}

bool scan_whole(const char *text, const char *dir, struct problem_list *problems,
                struct text *whole)
{
	size_t budget = FILE_MAX;

	return scan_one(
	    NULL, text,
	    &(struct scan){ .dir = dir, .budget = &budget, .whole = whole, .problems = problems });
}

bool scan_text(const char *file, const char *text, const char *dir, struct problem_list *problems)
{
	size_t budget = FILE_MAX;

	return scan_one(file, text,
	                &(struct scan){ .dir = dir, .budget = &budget, .problems = problems });
}

bool scan_is_haproxy(const char *text)
{
	static const char *const words[] = { "global", "defaults", "listen", "frontend",
		                             "backend" };
	const char *end;

	for (const char *line = text; line; line = end ? end + 1 : NULL) {
		size_t len = strcspn(line, " \t\r\n");

		end = strchr(line, '\n');
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (strlen(words[i]) == len && strncmp(words[i], line, len) == 0 &&
			    line[len + strspn(line + len, " \t")] != '=')
				return true;
	}
	return false;
}

/* Length of the word at `s` that must have been meant as a string (2s, leastconn), or 0. */
static size_t bare_word(const char *s, const char *end)
{
	bool letter = false;
	size_t n = 0;

	for (; s + n < end && !strchr(" \t;,\"{}()[]#\r", s[n]); n++)
		letter = letter || isalpha((unsigned char)s[n]) || s[n] == ':';
	if (!letter || *s == '/' || (n > 2 && strncasecmp(s, "0x", 2) == 0) ||
	    (n == 4 && strncasecmp(s, "true", 4) == 0) ||
	    (n == 5 && strncasecmp(s, "false", 5) == 0))
		return 0;
	return n;
}

static bool find_bare_word(const char *line, size_t len, const char **ret, size_t *ret_len)
{
	const char *end = line + len;

	for (const char *s = memchr(line, '=', len); s; s = memchr(s, '=', (size_t)(end - s))) {
		s++;
		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		*ret = s;
		*ret_len = bare_word(s, end);
		if (*ret_len)
			return true;
	}
	return false;
}

void scan_explain(const char *file, const char *text, unsigned int line,
                  struct problem_list *problems)
{
	const char *word;
	size_t len;
	size_t n;

	for (unsigned int i = 1; i < line && *text; i++) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	text += strspn(text, " \t");
	len = strcspn(text, "\n\r");
	if (find_bare_word(text, len, &word, &n))
		problem_add_line(problems, file, line, "%.*s needs double quotes: write \"%.*s\"",
		                 (int)(n > 60 ? 60 : n), word, (int)(n > 60 ? 60 : n), word);
	else if (!len)
		problem_add_line(problems, file, line,
		                 "the text ends where a value should follow: settings are written "
		                 "name = value;");
	else
		problem_add_line(
		    problems, file, line,
		    "the line (or the end of the one before) cannot be understood: "
		    "settings are written name = value; groups { } and lists ( ): %.*s",
		    (int)(len > 60 ? 60 : len), text);
}
