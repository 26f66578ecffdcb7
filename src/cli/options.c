/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include "base/number.h"
#include "base/suggest.h"

#include <assert.h>
#include <string.h>

/* The command's option of that letter (0: by the first `len` bytes of `name`), or NULL. */
static const struct commands_option *look_up(enum commands_id command, char letter,
                                             const char *name, size_t len)
{
	const struct commands_option *o;

	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++) {
		if (o->command != command)
			continue;
		if (letter != 0 ? o->letter == letter
		                : strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

static bool unknown(const struct options *o, const char *arg, size_t len, struct error *err)
{
	const char *names[OPTIONS_MAX], *near;
	const struct commands_option *option;
	char name[64];
	size_t count = 0;

	for (size_t i = 0; (option = commands_option_at(i)) != NULL; i++)
		if (option->command == o->command->id && count < ARRAY_LEN(names))
			names[count++] = option->name;
	if (arg[1] != '-' || len >= sizeof(name))
		return error_set(err, "unknown option \"%.*s\"", (int)len, arg);
	memcpy(name, arg + 2, len - 2);
	name[len - 2] = '\0';
	near = suggest_nearest(name, names, count);
	if (near == NULL)
		return error_set(err, "unknown option \"%.*s\"", (int)len, arg);
	return error_set(err, "unknown option \"%.*s\": did you mean \"--%s\"?", (int)len, arg,
	                 near);
}

static bool add(struct options *o, const struct commands_option *option, const char *value,
                struct error *err)
{
	for (size_t i = 0; i < o->given_count; i++)
		if (o->given[i].option == option && !option->repeats)
			return error_set(err, "--%s is given twice", option->name);
	if (o->given_count == OPTIONS_MAX)
		return error_set(err, "more than %d options", (int)OPTIONS_MAX);
	o->given[o->given_count].option = option;
	o->given[o->given_count].value = value;
	o->given_count++;
	return true;
}

/* One option at argv[*i]; *i is moved to its value if that is the next argument. */
static bool parse_option(struct options *o, int argc, char **argv, int *i, struct error *err)
{
	const char *arg = argv[*i], *value = NULL;
	const struct commands_option *option;
	size_t len = strlen(arg);

	if (arg[1] == '-') {
		len = strcspn(arg, "=");
		option = look_up(o->command->id, 0, arg + 2, len - 2);
		if (arg[len] == '=')
			value = arg + len + 1;
	} else {
		option = look_up(o->command->id, arg[1], NULL, 0);
		if (arg[2] != '\0')
			value = arg + 2;
	}
	if (option == NULL)
		return unknown(o, arg, len, err);
	if (*option->value == '\0' && value != NULL)
		return error_set(err, "--%s takes no value", option->name);
	if (*option->value != '\0' && value == NULL) {
		if (*i + 1 >= argc)
			return error_set(err, "--%s needs a value: --%s %s", option->name,
			                 option->name, option->value);
		value = argv[++*i];
	}
	return add(o, option, value, err);
}

/* The argument with that number, and what follows it in the usage line. */
static const char *argument_at(const struct commands_entry *command, size_t n)
{
	const char *s = command->arguments;

	for (; n > 0 && *s != '\0'; n--) {
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	return s;
}

static bool check_words(const struct options *o, struct error *err)
{
	if (o->word_count < o->command->min) {
		const char *missing = argument_at(o->command, o->word_count);

		return error_set(err, "%.*s is missing", (int)strcspn(missing, " "), missing);
	}
	if (o->word_count > 0 && o->command->max == 0 && o->given_count == 0 &&
	    look_up(o->command->id, 'f', NULL, 0) != NULL)
		return error_set(err, "unexpected \"%s\": did you mean -f %s?", o->words[0],
		                 o->words[0]);
	if (o->word_count > o->command->max)
		return error_set(err, "unexpected \"%s\"", o->words[o->command->max]);
	return true;
}

bool options_parse(struct options *o, enum commands_id command, int argc, char **argv,
                   struct error *err)
{
	bool only_words = false;

	memset(o, 0, sizeof(*o));
	o->command = commands_get(command);
	o->words = argv + 1;
	for (int i = 1; i < argc; i++) {
		if (only_words || argv[i][0] != '-' || argv[i][1] == '\0')
			o->words[o->word_count++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (!parse_option(o, argc, argv, &i, err))
			return false;
	}
	return check_words(o, err);
}

bool options_has(const struct options *o, const char *name)
{
	assert(look_up(o->command->id, 0, name, strlen(name)) != NULL);
	for (size_t i = 0; i < o->given_count; i++)
		if (strcmp(o->given[i].option->name, name) == 0)
			return true;
	return false;
}

const char *options_value_at(const struct options *o, const char *name, size_t n)
{
	assert(look_up(o->command->id, 0, name, strlen(name)) != NULL);
	for (size_t i = 0; i < o->given_count; i++)
		if (strcmp(o->given[i].option->name, name) == 0 && n-- == 0)
			return o->given[i].value;
	return NULL;
}

bool options_duration(const char *name, const char *value, uint64_t *ret_ms, struct error *err)
{
	/* A number alone would be milliseconds, which nobody means here. */
	if (strspn(value, "0123456789") == strlen(value) || !number_parse_duration(value, ret_ms) ||
	    *ret_ms > INT32_MAX)
		return error_set(err,
		                 "--%s \"%.80s\": write a duration with its unit, as 90s or 10m",
		                 name, value);
	return true;
}

const char *options_value(const struct options *o, const char *name)
{
	return options_value_at(o, name, 0);
}
