/* SPDX-License-Identifier: MIT */
/*
 * An inventory of Ansible in its INI form: "[group]" with hosts, a host a line with its variables,
 * "[group:children]" and "[group:vars]".
 */
#include "nodedocparts.h"

#include "base/number.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_MAX = 256 };

enum section { HOSTS, CHILDREN, VARS };

struct ini {
	struct nodedoc_reader *r;
	struct nodedoc_groups groups;
	enum section section;
	size_t group;
	struct nodedoc_place at;
	bool too_many;
};

/* The next word, in place and without its quotes; NULL at the end or before a comment. */
static char *next_word(char **line)
{
	char *s = *line + strspn(*line, " \t\r");
	char *word = s, *to = s;
	char quote = '\0';

	if (!*s || *s == '#' || *s == ';')
		return NULL;
	for (; *s && (quote || !strchr(" \t\r", *s)); s++) {
		if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else
			*to++ = *s;
	}
	*line = *s ? s + 1 : s;
	*to = '\0';
	return word;
}

static void add_fact(struct ini *i, struct nodedoc_facts *f, char *word)
{
	char *equals = strchr(word, '=');
	const char *value;

	if (!equals)
		return;
	*equals = '\0';
	word = nodedoc_trim(word);
	value = nodedoc_trim(equals + 1);
	if (!*value && nodedoc_facts_is_address(word))
		nodedoc_warn(i->r, "line %s: %s has no value, and is passed over", i->at.text + 1,
		             word);
	nodedoc_facts_add(i->r, f, word, value);
}

static void add_host(struct ini *i, const char *name, const struct nodedoc_facts *f)
{
	size_t host;

	/* Some room for hosts that are no nodes. */
	if (i->groups.host_count > i->r->o->max * 4) {
		i->too_many = true;
		return;
	}
	host = nodedoc_groups_host(i->r, &i->groups, name, &i->at);
	nodedoc_groups_put(i->r, &i->groups, i->group, host);
	for (size_t k = 0; k < f->count; k++)
		nodedoc_facts_append(i->r, &i->groups.hosts[host].facts, &f->at[k]);
}

/* "[01:20]", "[a:f]", "[0:10:2]": digits keep their width.  False if it is not such a range. */
static bool parse_range(const char *s, uint64_t *low, uint64_t *high, uint64_t *step, int *width)
{
	char a[16], b[16], c[16] = "1";
	int used = 0;

	if ((sscanf(s, "[%15[0-9a-zA-Z]:%15[0-9a-zA-Z]:%15[0-9]]%n", a, b, c, &used) != 3 ||
	     !used) &&
	    (sscanf(s, "[%15[0-9a-zA-Z]:%15[0-9a-zA-Z]]%n", a, b, &used) != 2 || !used))
		return false;
	if (!number_parse(c, UINT32_MAX, step) || !*step)
		return false;
	if (isalpha((unsigned char)*a) && !a[1] && isalpha((unsigned char)*b) && !b[1]) {
		*low = (unsigned char)*a;
		*high = (unsigned char)*b;
		*width = -1;
		return true;
	}
	*width = *a == '0' ? (int)strlen(a) : 0;
	return number_parse(a, UINT32_MAX, low) && number_parse(b, UINT32_MAX, high);
}

/* Every host that the pattern stands for. */
static void expand(struct ini *i, const char *pattern, const struct nodedoc_facts *f)
{
	const char *open = strchr(pattern, '['), *close = open ? strchr(open, ']') : NULL;
	uint64_t low, high, step;
	int width;

	if (!close || !parse_range(open, &low, &high, &step, &width)) {
		add_host(i, pattern, f);
		return;
	}
	for (uint64_t n = low; n <= high && !i->too_many; n += step) {
		char name[PATTERN_MAX];

		if (width < 0)
			snprintf(name, sizeof(name), "%.*s%c%s", (int)(open - pattern), pattern,
			         (int)n, close + 1);
		else
			snprintf(name, sizeof(name), "%.*s%0*" PRIu64 "%s", (int)(open - pattern),
			         pattern, width, n, close + 1);
		expand(i, name, f);
	}
}

/* "db1:2222": the port is that of SSH. */
static void cut_port(char *name)
{
	char *colon = strchr(name, ':');

	if (colon && !strchr(name, '[') && !colon[1 + strspn(colon + 1, "0123456789")])
		*colon = '\0';
}

static void take_host(struct ini *i, char *line)
{
	struct nodedoc_facts f = { 0 };
	char *name = next_word(&line), *word;

	if (!name || strlen(name) >= PATTERN_MAX)
		return;
	cut_port(name);
	while ((word = next_word(&line)))
		add_fact(i, &f, word);
	expand(i, name, &f);
}

/* A variable of a group: all that follows the '=' is its value. */
static void take_var(struct ini *i, char *line)
{
	char *equals = strchr(line, '='), *rest, *value;

	if (!equals)
		return;
	*equals = '\0';
	rest = equals + 1;
	value = next_word(&rest);
	if (value)
		nodedoc_facts_add(i->r, &i->groups.groups[i->group].vars, nodedoc_trim(line),
		                  value);
}

static bool take_section(struct ini *i, char *line)
{
	char *end = strchr(line, ']');
	char *kind;

	if (!end)
		return nodedoc_fail(i->r, &i->at, "a group ends with ']'");
	*end = '\0';
	line++;
	kind = strchr(line, ':');
	if (kind)
		*kind++ = '\0';
	if (!kind)
		i->section = HOSTS;
	else if (strcmp(kind, "children") == 0)
		i->section = CHILDREN;
	else if (strcmp(kind, "vars") == 0)
		i->section = VARS;
	else
		return nodedoc_fail(i->r, &i->at,
		                    "\"%.60s\": a group has hosts, :children or "
		                    ":vars",
		                    kind);
	i->group = nodedoc_groups_group(i->r, &i->groups, line);
	return true;
}

static bool take_line(struct ini *i, char *line)
{
	char *word;

	line = nodedoc_trim(line);
	if (!*line || *line == '#' || *line == ';')
		return true;
	if (*line == '[')
		return take_section(i, line);
	switch (i->section) {
	case HOSTS:
		take_host(i, line);
		break;
	case CHILDREN:
		word = next_word(&line);
		if (word) {
			size_t child = nodedoc_groups_group(i->r, &i->groups, word);

			nodedoc_groups_nest(i->r, &i->groups, i->group, child);
		}
		break;
	case VARS:
		take_var(i, line);
		break;
	}
	if (i->too_many)
		return nodedoc_fail(i->r, &i->at, "there are more hosts than there may be nodes");
	return true;
}

bool nodedoc_ini(struct nodedoc_reader *r, char *text, int line)
{
	struct ini i = { .r = r };
	bool ok = true;
	char *s;

	nodedoc_groups_init(&i.groups);
	i.group = nodedoc_groups_group(r, &i.groups, "ungrouped");
	for (; ok && (s = nodedoc_next_line(&text)); line++) {
		i.at = nodedoc_line(line);
		ok = take_line(&i, s);
	}
	ok = ok && nodedoc_add_groups(r, &i.groups);
	nodedoc_groups_release(&i.groups);
	return ok;
}
