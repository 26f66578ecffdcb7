/* SPDX-License-Identifier: MIT */
#include "completion_model.h"

#include "base/error.h"
#include "core/fault.h"

#include <stdio.h>
#include <string.h>

#define WORD(name, word, unit, meaning) word " "

static const struct {
	const char *name;
	enum completion_model_kind kind;
	const char *words;
} known[] = {
	{ "FILE", COMPLETION_MODEL_FILES, "" },
	{ "SOCKET", COMPLETION_MODEL_FILES, "" },
	{ "OPTION", COMPLETION_MODEL_FILES, "" }, /* of haproxy */
	{ "SERVER", COMPLETION_MODEL_NAMES, "servers" },
	{ "SERVICE", COMPLETION_MODEL_NAMES, "services" },
	{ "COND", COMPLETION_MODEL_NAMES, "conditions" },
	{ "FORMAT", COMPLETION_MODEL_WORDS, "text markdown json html record" },
	{ "KIND", COMPLETION_MODEL_WORDS, FAULT_TABLE(WORD) "none" },
	{ "TAB", COMPLETION_MODEL_WORDS, "services sessions events process" },
	{ "for", COMPLETION_MODEL_WORDS, "for" },
};

struct completion_model_choice completion_model_choose(const char *name)
{
	struct completion_model_choice c = { .kind = COMPLETION_MODEL_ANY };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0) {
			c.kind = known[i].kind;
			snprintf(c.words, sizeof(c.words), "%s", known[i].words);
		}
	if (c.kind != COMPLETION_MODEL_ANY || strchr(name, '|') == NULL ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz|") != strlen(name))
		return c;
	c.kind = COMPLETION_MODEL_WORDS;
	snprintf(c.words, sizeof(c.words), "%s", name);
	for (char *p = c.words; (p = strchr(p, '|')) != NULL;)
		*p = ' ';
	return c;
}

const char *completion_model_second(const struct commands_entry *c)
{
	const char *blank = strchr(c->name, ' ');

	return blank != NULL ? blank + 1 : NULL;
}

/* Does the option that is written so in a usage line have its value behind it? */
static bool takes_value(const struct commands_entry *c, const char *written)
{
	const struct commands_option *o;

	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++) {
		if (o->command != c->id)
			continue;
		if (written[1] == '-' ? strcmp(o->name, written + 2) == 0 : o->letter == written[1])
			return *o->value != '\0';
	}
	return true;
}

/* The next word of a usage line, without the brackets around what may be left out. */
static bool take(const char **s, char *buf, size_t size)
{
	size_t len;

	*s += strspn(*s, " ");
	len = strcspn(*s, " ");
	if (len == 0)
		return false;
	snprintf(buf, size, "%.*s", (int)len, *s);
	*s += len;
	if (strcmp(buf, "[...]") == 0) /* whatever it is */
		return true;
	len = strspn(buf, "[");
	memmove(buf, buf + len, strlen(buf + len) + 1);
	for (len = strlen(buf); len > 0 && buf[len - 1] == ']'; len--)
		buf[len - 1] = '\0';
	return true;
}

/* "drill record" is what `drill` may go on with, too. */
static void add_second_words(const struct commands_entry *c, struct completion_model_choice *choice)
{
	size_t len = strlen(c->name);

	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *other = commands_get((enum commands_id)i);
		const char *second = completion_model_second(other);
		size_t end = strlen(choice->words);

		if (second != NULL && strncmp(other->name, c->name, len) == 0 &&
		    other->name[len] == ' ')
			snprintf(choice->words + end, sizeof(choice->words) - end, " %s", second);
	}
}

bool completion_model_word(const struct commands_entry *c, size_t n,
                           struct completion_model_word *ret)
{
	const char *s = c->arguments;
	char word[sizeof(ret->name)];
	size_t seen = 0;

	if (n > c->max)
		return false;
	while (seen < n && take(&s, word, sizeof(word))) {
		if (word[0] != '-')
			seen++;
		else if (takes_value(c, word))
			(void)take(&s, word, sizeof(word));
	}
	if (seen < n)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%s", word);
	ret->choice = completion_model_choose(word);
	if (n == 1)
		add_second_words(c, &ret->choice);
	ret->repeats = take(&s, word, sizeof(word)) && strcmp(word, "...") == 0;
	return true;
}
