/* SPDX-License-Identifier: MIT */
#include "conf/nodedoc.h"

#include "nodedocparts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_LINES = 200 }; /* notices that may come before a list */

enum form {
	FORM_LINES,
	FORM_TABLE,
	FORM_RECORDS,
	FORM_CSV,
	FORM_TSV,
	FORM_INI,
	FORM_JSON,
	FORM_NUMBERS, /* without addresses */
	FORM_OTHER    /* known, but nothing to read a list from; `cure` says what to do */
};

/* A line of a document, without its end. */
struct line {
	const char *at;
	size_t len;
};

static bool begins(struct line l, const char *s)
{
	return l.len >= strlen(s) && memcmp(l.at, s, strlen(s)) == 0;
}

static struct line trim(struct line l)
{
	while (l.len && strchr(" \t\r", l.at[0])) {
		l.at++;
		l.len--;
	}
	while (l.len && strchr(" \t\r", l.at[l.len - 1]))
		l.len--;
	return l;
}

static bool is_word(struct line l, const char *s)
{
	return l.len == strlen(s) && begins(l, s);
}

static bool is_number_column(struct line l)
{
	return is_word(l, "id") || is_word(l, "node_id");
}

/* Whether the first column of a line with that separator is a node's number. */
static bool is_head(struct line l, char separator)
{
	const char *end = memchr(l.at, separator, l.len);

	return end && is_number_column(trim((struct line){ l.at, (size_t)(end - l.at) }));
}

/* '{', or a '[' that begins a list: not a group of an inventory, nor an address of IPv6. */
static bool is_json(const char *s)
{
	if (*s == '{')
		return true;
	if (*s != '[')
		return false;
	s += 1 + strspn(s + 1, " \t\r\n");
	return *s && strchr("{[]\"", *s);
}

/* "[group]", "[group:vars]" */
static bool is_group(struct line l)
{
	size_t i = 1;

	if (!begins(l, "["))
		return false;
	while (i < l.len && (isalnum((unsigned char)l.at[i]) || strchr("_.:-", l.at[i])))
		i++;
	/* An address of IPv6 is one, too, but it has two colons. */
	return i > 1 && i < l.len && l.at[i] == ']' &&
	       (!memchr(l.at, ':', i) ||
	        !memchr((const char *)memchr(l.at, ':', i) + 1, ':',
	                (size_t)(l.at + i - (const char *)memchr(l.at, ':', i)) - 1));
}

/* "all:", as YAML has it */
static bool is_yaml(struct line l)
{
	if (is_word(l, "---"))
		return true;
	for (size_t i = 0; i + 1 < l.len; i++)
		if (!isalnum((unsigned char)l.at[i]) && l.at[i] != '_')
			return false;
	return l.len > 1 && l.at[l.len - 1] == ':';
}

static bool is_numbers(struct line l)
{
	for (size_t i = 0; i < l.len; i++)
		if (!strchr("0123456789+-", l.at[i]))
			return false;
	return l.len;
}

/* Forms that are recognised only to say what to take instead: one whose lines all look like
 * comments, and others, of which comments say nothing. */
static const char *find_cure_of_comment(struct line l)
{
	if (begins(l, "# ") && memmem(l.at, l.len, " column", 7) && isdigit((unsigned char)l.at[2]))
		return "the raw format is no list: take `cockroach node status --format=json`";
	return NULL;
}

static const char *find_cure(struct line l, struct line next)
{
	if (is_yaml(l) && !is_numbers(next))
		return "an inventory in YAML: take the output of `ansible-inventory --list`";
	if (begins(l, "CREATE TABLE") || begins(l, "INSERT INTO") || begins(l, "<table"))
		return "take `cockroach node status --format=json`";
	if (memmem(l.at, l.len, " = \"", 4) || memmem(l.at, l.len, " = [", 4) ||
	    memmem(l.at, l.len, " = {", 4))
		return "Terraform's output for people: take `terraform output -json`";
	if (begins(l, "<!DOCTYPE") || begins(l, "<html"))
		return "a page for browsers, not a list of nodes: is the URL right, and are you "
		       "logged in?";
	return NULL;
}

/* What a line says of the form; FORM_LINES: nothing. */
static enum form judge_line(struct line l, struct line next, const char **ret_cure)
{
	if (begins(l, "#") || begins(l, ";")) {
		*ret_cure = find_cure_of_comment(l);
		return *ret_cure ? FORM_OTHER : FORM_LINES;
	}
	/* Its strings may hold anything. */
	if (is_json(l.at))
		return FORM_JSON;
	l.len = nodelist_uncommented(l.at, l.len);
	l = trim(l);
	*ret_cure = find_cure(l, next);
	if (*ret_cure)
		return FORM_OTHER;
	if (begins(l, "-[ RECORD"))
		return FORM_RECORDS;
	if (is_head(l, '|'))
		return FORM_TABLE;
	if (is_head(l, ','))
		return FORM_CSV;
	if (is_head(l, '\t'))
		return FORM_TSV;
	if (is_number_column(l) && is_numbers(next))
		return FORM_NUMBERS;
	if (is_group(l) || memmem(l.at, l.len, " ansible_", 9))
		return FORM_INI;
	return FORM_LINES;
}

static struct line line_at(const char *s)
{
	return trim((struct line){ s, strcspn(s, "\n") });
}

/* The form, and where it begins: notices may come before all but lines and inventories. */
static enum form recognise(char *text, char **ret_start, int *ret_line, const char **ret_cure)
{
	char *s = text;

	for (int number = 1; *s && number <= LOOK_LINES; number++) {
		size_t len = strcspn(s, "\n");
		struct line next = line_at(s + len + (s[len] == '\n'));
		struct line l = line_at(s);
		enum form form = l.len ? judge_line(l, next, ret_cure) : FORM_LINES;

		if (form != FORM_LINES) {
			bool whole = form == FORM_INI;

			*ret_start = whole ? text : s;
			*ret_line = whole ? 1 : number;
			return form;
		}
		s += len + (s[len] == '\n');
	}
	*ret_start = text;
	*ret_line = 1;
	return FORM_LINES;
}

static bool read_lines(struct nodedoc_reader *r, const char *text)
{
	const struct nodelist_options o = { r->o->source, r->o->sql_port, r->o->http_port,
		                            r->o->max };
	struct nodelist list;

	if (!nodelist_parse(text, &o, &list, r->err))
		return false;
	mem_arena_release(&r->list.arena);
	r->list = list;
	return true;
}

static bool read_form(struct nodedoc_reader *r, char *text, const char *end)
{
	const char *cure = NULL;
	struct nodedoc_place at;
	enum form form;
	char *start;
	int line;

	form = recognise(text, &start, &line, &cure);
	if (r->o->from_node && form != FORM_JSON && form != FORM_OTHER) {
		form = FORM_OTHER;
		cure = "this is no answer of a CockroachDB node, which is JSON";
	}
	switch (form) {
	case FORM_LINES:
		return read_lines(r, text);
	case FORM_TABLE:
		return nodedoc_table(r, start, line) && nodedoc_finish(r);
	case FORM_RECORDS:
		return nodedoc_records(r, start, line) && nodedoc_finish(r);
	case FORM_CSV:
		return nodedoc_csv(r, start, line, ',') && nodedoc_finish(r);
	case FORM_TSV:
		return nodedoc_csv(r, start, line, '\t') && nodedoc_finish(r);
	case FORM_INI:
		return nodedoc_ini(r, start, line) && nodedoc_finish(r);
	case FORM_JSON:
		return nodedoc_json(r, start, (size_t)(end - start), line) && nodedoc_finish(r);
	case FORM_NUMBERS:
		return nodedoc_no_addresses(r, line);
	case FORM_OTHER:
		break;
	}
	at = nodedoc_line(line);
	return nodedoc_fail(r, &at, "%s", cure);
}

bool nodedoc_parse(const char *bytes, size_t len, const struct nodedoc_options *o,
                   struct nodelist *ret, struct text *warnings, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as editors put it */
	struct nodedoc_reader r = { .o = o, .err = err };
	char *text;
	bool ok;

	if (len > NODEDOC_BYTES_MAX)
		return error_set(err,
		                 "%s: it is longer than %d bytes, too long for a list of nodes",
		                 o->source, NODEDOC_BYTES_MAX);
	if (len && memchr(bytes, '\0', len))
		return error_set(err, "%s: it is not a text", o->source);
	if (len >= 3 && memcmp(bytes, mark, 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	text = mem_arena_strndup(&r.list.arena, bytes, len);
	ok = read_form(&r, text, text + len);
	if (ok) {
		text_addn(warnings, r.warnings.data, r.warnings.len);
		*ret = r.list;
	} else {
		nodelist_release(&r.list);
	}
	text_release(&r.warnings);
	return ok;
}
