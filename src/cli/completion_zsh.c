/* SPDX-License-Identifier: MIT */
#include "completion_zsh.h"

#include "cli/commands.h"
#include "completion_model.h"

#include <string.h>

static const char names[] =
    "_sluice_names() # WHICH\n"
    "{\n"
    "	local socket=${opt_args[-s]:-${opt_args[--socket]}}\n"
    "	local -a names\n"
    "\n"
    "	names=(${(f)\"$($_sluice_program completion $1 ${socket:+-s} ${socket:+$~socket} "
    "2>/dev/null)\"})\n"
    "	compadd -a names\n"
    "}\n"
    "\n";

static const char body[] = "_sluice()\n"
                           "{\n"
                           "	local curcontext=$curcontext context state line ret=1\n"
                           "	local _sluice_program=${~${(Q)words[1]}}\n"
                           "	typeset -A opt_args\n"
                           "\n"
                           "	_arguments -C \\\n"
                           "		'(- 1 *)--help[examples, and all commands]' \\\n"
                           "		'(- 1 *)--version[the version]' \\\n"
                           "		'1: :_sluice_commands' \\\n"
                           "		'*:: :->words' && ret=0\n"
                           "	[[ $state == words ]] || return ret\n"
                           "	if (( CURRENT > 2 )) && "
                           "[[ -n $functions[_sluice:$words[1]:$words[2]] ]]; then\n"
                           "		_sluice:$words[1]:$words[2] && ret=0\n"
                           "	elif [[ -n $functions[_sluice:$words[1]] ]]; then\n"
                           "		_sluice:$words[1] && ret=0\n"
                           "	fi\n"
                           "	return ret\n"
                           "}\n"
                           "\n"
                           "_sluice \"$@\"\n";

/* Between single quotes; `also` are further characters that need a backslash there. */
static void add_quoted(const char *s, const char *also, struct text *out)
{
	for (; *s != '\0'; s++) {
		if (strchr(also, *s) != NULL)
			text_addc(out, '\\');
		if (*s == '\'')
			text_add(out, "'\\''");
		else
			text_addc(out, *s);
	}
}

static void add_commands(struct text *out)
{
	text_add(out, "_sluice_commands()\n{\n	local -a commands=(\n");
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *c = commands_get((enum commands_id)i);

		if (completion_model_second(c) != NULL)
			continue;
		text_addf(out, "		'%s:", c->name);
		add_quoted(c->summary, "", out);
		text_add(out, "'\n");
	}
	text_add(out, "		'help:examples and options of a command'\n	)\n"
	              "	_describe command commands\n}\n\n");
}

/* ":SERVER: _sluice_names servers"; the blank keeps _arguments from adding words of its own. */
static void add_choice(const char *name, const struct completion_model_choice *c, struct text *out)
{
	text_addc(out, ':');
	add_quoted(name, ":", out);
	text_addc(out, ':');
	switch (c->kind) {
	case COMPLETION_MODEL_FILES:
		text_add(out, "_files");
		break;
	case COMPLETION_MODEL_NAMES:
		text_addf(out, " _sluice_names %s", c->words);
		break;
	case COMPLETION_MODEL_WORDS:
		text_addf(out, "(%s)", c->words);
		break;
	case COMPLETION_MODEL_ANY:
		text_addc(out, ' ');
		break;
	}
}

static void add_option(const struct commands_option *o, struct text *out)
{
	struct completion_model_choice choice = completion_model_choose(o->value);
	bool flag = *o->value == '\0';

	text_addf(out, "		'%s", o->repeats ? "*" : "");
	if (o->letter != 0)
		text_addf(out, "(-%c --%s)'{-%c%s,--%s%s}'", o->letter, o->name, o->letter,
		          flag ? "" : "+", o->name, flag ? "" : "=");
	else
		text_addf(out, "--%s%s", o->name, flag ? "" : "=");
	text_addc(out, '[');
	add_quoted(o->help, "[]\\", out);
	text_addc(out, ']');
	if (!flag)
		add_choice(o->value, &choice, out);
	text_add(out, "' \\\n");
}

static void add_words(const struct commands_entry *c, size_t skipped, struct text *out)
{
	struct completion_model_word word;
	bool more = true;

	for (size_t n = 1; more && completion_model_word(c, n, &word); n++) {
		more = !word.repeats;
		if (word.repeats)
			text_add(out, "		'*");
		else
			text_addf(out, "		'%zu", n + skipped);
		add_choice(word.name, &word.choice, out);
		text_add(out, "' \\\n");
	}
}

/* A function for a command; of two words: with the second one as its first argument. */
static void add_command(const struct commands_entry *c, struct text *out)
{
	const char *second = completion_model_second(c);
	const struct commands_option *o;

	text_add(out, "_sluice:");
	for (const char *s = c->name; *s != '\0'; s++)
		text_addc(out, (char)(*s == ' ' ? ':' : *s));
	text_add(out, "()\n{\n	_arguments \\\n");
	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++)
		if (o->command == c->id)
			add_option(o, out);
	if (second != NULL)
		text_addf(out, "		'1: :(%s)' \\\n", second);
	add_words(c, second != NULL, out);
	text_add(out, "		'(- *)--help[examples and options]'\n}\n\n");
}

void completion_zsh_write(struct text *out)
{
	text_add(out, "#compdef sluice\n# zsh completion for sluice; made by `sluice completion "
	              "zsh`\n\n");
	text_add(out, names);
	add_commands(out);
	for (int i = 0; i < COMMANDS_COUNT; i++)
		add_command(commands_get((enum commands_id)i), out);
	text_add(out, "_sluice:help()\n{\n	_sluice_commands\n}\n\n");
	text_add(out, body);
}
