/* SPDX-License-Identifier: MIT */
#include "completion_bash.h"

#include "cli/commands.h"
#include "completion_model.h"

/*
 * "--name=value" comes as three words.  A name with a blank is quoted, unless the person has begun
 * to quote it.
 */
static const char body[] =
    "_sluice_list()\n"
    "{\n"
    "	local socket=${2/#\\~\\//$HOME/}\n"
    "\n"
    "	value=$(\"${COMP_WORDS[0]}\" completion \"$1\" ${socket:+-s \"$socket\"} 2>/dev/null)\n"
    "}\n"
    "\n"
    "_sluice_reply()\n"
    "{\n"
    "	local current=$1 plain=${1//\\\\/} line\n"
    "\n"
    "	plain=${plain#[\\\"\\']}\n"
    "	while IFS= read -r line; do\n"
    "		[[ $line && $line == \"$plain\"* ]] || continue\n"
    "		[[ $current == [\\\"\\']* ]] || printf -v line '%q' \"$line\"\n"
    "		COMPREPLY+=(\"$line\")\n"
    "	done <<<\"$value\"\n"
    "}\n"
    "\n"
    "_sluice()\n"
    "{\n"
    "	local current=${COMP_WORDS[COMP_CWORD]} command='' option='' socket='' value='' word i\n"
    "	local -i count=1\n"
    "\n"
    "	COMPREPLY=()\n"
    "	for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "		word=${COMP_WORDS[i]}\n"
    "		if [[ $option ]]; then\n"
    "			[[ $word == = ]] && continue\n"
    "			[[ $option == -s || $option == --socket ]] && socket=$word\n"
    "			option=\n"
    "		elif [[ ! $command ]]; then\n"
    "			command=$word\n"
    "		elif [[ $word == -?* ]]; then\n"
    "			_sluice_value \"$command\" \"$word\" && option=$word\n"
    "		elif [[ $count == 1 && $_sluice_pairs == *\"|$command $word|\"* ]]; then\n"
    "			command+=\" $word\"\n"
    "		else\n"
    "			count+=1\n"
    "		fi\n"
    "	done\n"
    "	[[ $current == = ]] && current=\n"
    "	value=\n"
    "	if [[ $option ]]; then\n"
    "		_sluice_value \"$command\" \"$option\"\n"
    "	elif [[ ! $command ]]; then\n"
    "		value=$_sluice_commands\n"
    "	elif [[ $current == -* ]]; then\n"
    "		_sluice_options \"$command\"\n"
    "	else\n"
    "		_sluice_word \"$command\" \"$count\"\n"
    "	fi\n"
    "	case $value in\n"
    "	@files)\n"
    "		compopt -o filenames 2>/dev/null\n"
    "		mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "		return\n"
    "		;;\n"
    "	@*) _sluice_list \"${value#@}\" \"$socket\" ;;\n"
    "	*) value=${value// /$'\\n'} ;;\n"
    "	esac\n"
    "	_sluice_reply \"$current\"\n"
    "}\n"
    "\n"
    "complete -F _sluice sluice\n";

static void add_choice(const struct completion_model_choice *c, struct text *out)
{
	switch (c->kind) {
	case COMPLETION_MODEL_FILES:
		text_add(out, "@files");
		break;
	case COMPLETION_MODEL_NAMES:
		text_addf(out, "@%s", c->words);
		break;
	case COMPLETION_MODEL_WORDS:
		text_add(out, c->words);
		break;
	case COMPLETION_MODEL_ANY:
		break;
	}
}

/* The first words of all commands, and those of two words between bars. */
static void add_commands(struct text *out)
{
	AUTO_TEXT pairs = { 0 };

	text_add(out, "_sluice_commands='");
	for (int i = 0; i < COMMANDS_COUNT; i++) {
		const struct commands_entry *c = commands_get((enum commands_id)i);

		if (completion_model_second(c) != NULL)
			text_addf(&pairs, "%s|", c->name);
		else
			text_addf(out, "%s ", c->name);
	}
	text_addf(out, "help --help --version'\n_sluice_pairs='|%s'\n\n", text_str(&pairs));
}

static void add_options(const struct commands_entry *c, struct text *out)
{
	const struct commands_option *o;

	text_addf(out, "	'%s') value='", c->name);
	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++)
		if (o->command == c->id)
			text_addf(out, "--%s ", o->name);
	text_add(out, "--help' ;;\n");
}

static void add_value(const struct commands_option *o, struct text *out)
{
	struct completion_model_choice choice = completion_model_choose(o->value);
	const char *command = commands_get(o->command)->name;

	if (*o->value == '\0')
		return;
	text_add(out, "	");
	if (o->letter != 0)
		text_addf(out, "'%s -%c' | ", command, o->letter);
	text_addf(out, "'%s --%s') value='", command, o->name);
	add_choice(&choice, out);
	text_add(out, "' ;;\n");
}

static void add_words(const struct commands_entry *c, struct text *out)
{
	struct completion_model_word word;
	bool more = true;

	for (size_t n = 1; more && completion_model_word(c, n, &word); n++) {
		more = !word.repeats;
		if (word.choice.kind == COMPLETION_MODEL_ANY)
			continue;
		if (word.repeats)
			text_addf(out, "	'%s '*) value='", c->name);
		else
			text_addf(out, "	'%s %zu') value='", c->name, n);
		add_choice(&word.choice, out);
		text_add(out, "' ;;\n");
	}
}

void completion_bash_write(struct text *out)
{
	const struct commands_option *o;

	text_add(out, "# bash completion for sluice; made by `sluice completion bash`\n"
	              "# shellcheck shell=bash disable=SC2034\n\n");
	add_commands(out);
	text_add(out, "_sluice_options() # COMMAND\n{\n	case $1 in\n");
	for (int i = 0; i < COMMANDS_COUNT; i++)
		add_options(commands_get((enum commands_id)i), out);
	text_add(out, "	*) value= ;;\n	esac\n}\n\n"
	              "# Fails for an option without a value.\n"
	              "_sluice_value() # COMMAND OPTION\n{\n	case \"$1 $2\" in\n");
	for (size_t i = 0; (o = commands_option_at(i)) != NULL; i++)
		add_value(o, out);
	text_add(out, "	*) return 1 ;;\n	esac\n}\n\n"
	              "_sluice_word() # COMMAND NUMBER\n{\n	case \"$1 $2\" in\n");
	for (int i = 0; i < COMMANDS_COUNT; i++)
		add_words(commands_get((enum commands_id)i), out);
	text_add(out, "	'help 1') value=$_sluice_commands ;;\n	*) value= ;;\n"
	              "	esac\n}\n\n");
	text_add(out, body);
}
