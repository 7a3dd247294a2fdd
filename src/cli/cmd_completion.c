/* SPDX-License-Identifier: MIT
 *
 * spy completion: scripts that complete the words of spy in a shell, made from the rows of the
 * commands.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/help.h"

/* The pids of Go processes, for where a target is to be named. */
#define PIDS "spy ps 2>/dev/null | awk \"NR > 1 { print \\$1 }\""

/* The names of its variables, once it is named. */
#define VARIABLES(target) "spy vars " target " 2>/dev/null | awk \"NR > 1 { print \\$3 }\""

/* A word in single quotes; those characters that the shell's own syntax inside them needs escaped
 * (`special`) get a backslash. */
static void quoted(struct text *text, const char *word, const char *special)
{
	text_add(text, "'");
	for (; *word; word++) {
		if (*word == '\'')
			text_add(text, "'\\''");
		else
			text_printf(text, "%s%c", strchr(special, *word) ? "\\" : "", *word);
	}
	text_add(text, "'");
}

static void choices(struct text *text, choice_name *name)
{
	size_t i;

	for (i = 0; name(i); i++)
		text_printf(text, "%s%s", i ? " " : "", name(i));
}

/* ---- bash --------------------------------------------------------------------------------- */

/* One arm of the case over the word before: what its value may be. */
static void bash_value(struct text *text, const struct option *option)
{
	if (option->kind == OPTION_FLAG)
		return;
	text_printf(text, "\t--%s", option->name);
	if (option->letter)
		text_printf(text, " | -%c", option->letter);
	text_add(text, ")\n\t\tmapfile -t COMPREPLY < <(compgen ");
	if (option->kind == OPTION_FILE)
		text_add(text, "-f");
	else if (option->kind == OPTION_PID)
		text_add(text, "-W \"$(" PIDS ")\"");
	else
		text_add(text, "-W '");
	if (option->choices)
		choices(text, option->choices);
	text_add(text, option->kind == OPTION_FILE || option->kind == OPTION_PID ? "" : "'");
	text_add(text, " -- \"$current\")\n\t\treturn ;;\n");
}

/* One arm of the case over the command: its options, and what its operand may be. */
static void bash_command(struct text *text, const struct command *command)
{
	const struct option *option;
	size_t i;

	text_printf(text, "\t%s)\n\t\twords='", command->name ? command->name : "''");
	for (i = 0; (option = command_option(command, i)); i++)
		text_printf(text, "%s--%s", i ? " " : "", option->name);
	text_add(text, "'\n");
	if (!command->name || command->operand_choices) {
		text_add(text, "\t\t[[ $current == -* ]] || words='");
		choices(text, command->name ? command->operand_choices : command_name_at);
		text_add(text, "'\n");
	} else if (command->flags & COMMAND_OPERANDS) {
		text_add(text, "\t\tif [[ $current != -* && $target ]]; then\n"
			       "\t\t\twords=$(" VARIABLES(
				   "\"$target\"") ")\n"
						  "\t\telif [[ $current != -* ]]; then\n"
						  "\t\t\twords=$(" PIDS ")\n\t\tfi\n");
	} else if (command->flags & COMMAND_TARGET) {
		text_add(text, "\t\t[[ $current == -* ]] || words=$(" PIDS ")\n");
	}
	text_add(text, "\t\t;;\n");
}

static void bash_script(struct text *text)
{
	const struct command *command;
	const struct option *option;
	size_t i, k;

	text_add(text, "# bash completion for spy: . <(spy completion bash)\n"
		       "_spy()\n{\n"
		       "\tlocal current=$2 before=$3 command='' target='' words='' word\n"
		       "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		       "\t\tif [[ $command ]]; then\n"
		       "\t\t\t[[ $target || $word == [-=]* ]] || target=$word\n"
		       "\t\t\tcontinue\n\t\tfi\n"
		       "\t\tcase $word in\n\t\t");
	for (i = 0; (command = command_at(i)); i++)
		text_printf(text, "%s%s", i ? " | " : "", command->name);
	text_add(text, ") command=$word ;;\n\t\tesac\n\tdone\n"
		       "\tif [[ $before == '=' ]]; then\n"
		       "\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n"
		       "\telif [[ $current == '=' ]]; then\n\t\tcurrent=''\n\tfi\n"
		       "\tcase $before in\n");
	for (k = 0; (option = command_option(&command_none, k)); k++)
		bash_value(text, option);
	for (i = 0; (command = command_at(i)); i++) {
		for (k = 0; command->options && command->options[k].name; k++)
			bash_value(text, &command->options[k]);
	}
	text_add(text, "\tesac\n\tcase $command in\n");
	bash_command(text, &command_none);
	for (i = 0; (command = command_at(i)); i++)
		bash_command(text, command);
	text_add(text, "\tesac\n"
		       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
		       "complete -F _spy spy\n");
}

/* ---- zsh ---------------------------------------------------------------------------------- */

/* A specification for _arguments: '(-p --pid)'{-p,--pid}'[help]:PID:(…)' */
static void zsh_option(struct text *text, const struct option *option)
{
	struct text rest = { 0 };

	if (option->letter && option->repeated)
		text_printf(text, " \\\n\t\t\t'*'{-%c,--%s}", option->letter, option->name);
	else if (option->letter)
		text_printf(text, " \\\n\t\t\t'(-%c --%s)'{-%c,--%s}", option->letter, option->name,
			    option->letter, option->name);
	else
		text_printf(text, " \\\n\t\t\t--%s", option->name);
	text_printf(&rest, "[%s]", option->help);
	quoted(text, rest.bytes, ":");
	text_free(&rest);
	if (option->kind == OPTION_FLAG)
		return;
	text_printf(text, "':%s:", option->value);
	if (option->choices) {
		text_add(text, "(");
		choices(text, option->choices);
		text_add(text, ")'");
	} else if (option->kind == OPTION_FILE) {
		text_add(text, "_files'");
	} else {
		text_add(text, option->kind == OPTION_PID ? "_spy_pids'" : "'");
	}
}

static void zsh_script(struct text *text)
{
	const struct command *command;
	const struct option *option;
	size_t i, k;

	text_add(text, "#compdef spy\n"
		       "# zsh completion for spy: spy completion zsh > \"${fpath[1]}/_spy\"\n"
		       "_spy_pids()\n{\n\tlocal -a pids\n\tpids=(${(f)\"$(" PIDS ")\"})\n"
		       "\tcompadd -a pids\n}\n\n"
		       "_spy_variables()\n{\n\tlocal -a names\n\tlocal target="
		       "${${words[2,-1]:#-*}[1]}\n\tnames=(${(f)\"$(" VARIABLES(
			   "$target") ")\"})\n"
				      "\tcompadd -a names\n}\n\n_spy()\n{\n\tlocal -a "
				      "commands\n\tcommands=(\n");
	for (i = 0; (command = command_at(i)); i++) {
		text_printf(text, "\t\t%s:", command->name);
		quoted(text, command->summary, ":");
		text_add(text, "\n");
	}
	text_add(text, "\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n"
		       "\t\treturn\n\tfi\n\tshift words\n\t(( CURRENT-- ))\n\tcase $words[1] in\n");
	for (i = 0; (command = command_at(i)); i++) {
		text_printf(text, "\t%s)\n\t\t_arguments -s", command->name);
		for (k = 0; (option = command_option(command, k)); k++)
			zsh_option(text, option);
		if (command->operand_choices) {
			text_add(text, " \\\n\t\t\t':word:(");
			choices(text, command->operand_choices);
			text_add(text, ")'");
		} else if (command->flags & COMMAND_TARGET) {
			text_add(text, " \\\n\t\t\t':process:_spy_pids'");
		}
		if (command->flags & COMMAND_OPERANDS)
			text_add(text, " \\\n\t\t\t'*:variable:_spy_variables'");
		text_add(text, "\n\t\t;;\n");
	}
	text_add(text,
		 "\tesac\n}\n\n"
		 "if [[ $funcstack[1] == _spy ]]; then\n\t_spy\nelse\n\tcompdef _spy spy\nfi\n");
}

/* ---- fish --------------------------------------------------------------------------------- */

static void fish_option(struct text *text, const struct command *command,
			const struct option *option)
{
	text_printf(text, "complete -c spy -n '__fish_seen_subcommand_from %s' -l %s",
		    command->name, option->name);
	if (option->letter)
		text_printf(text, " -s %c", option->letter);
	if (option->kind != OPTION_FLAG)
		text_add(text, option->kind == OPTION_FILE ? " -r -F" : " -x");
	if (option->kind == OPTION_PID)
		text_add(text, " -a '(" PIDS ")'");
	if (option->choices) {
		text_add(text, " -a '");
		choices(text, option->choices);
		text_add(text, "'");
	}
	text_add(text, " -d ");
	quoted(text, option->help, "");
	text_add(text, "\n");
}

static void fish_script(struct text *text)
{
	const struct command *command;
	const struct option *option;
	size_t i, k;

	text_add(text, "# fish completion for spy: spy completion fish | source\n"
		       "complete -c spy -f\n"
		       "function __spy_operands\n"
		       "\tset -l words (commandline -opc)\n"
		       "\tset -l bare (string match -v -- '-*' $words[3..-1])\n"
		       "\tif test -n \"$bare[1]\"\n\t\t" VARIABLES("$bare[1]") "\n"
									       "\telse\n\t\t" PIDS
									       "\n\tend\nend\n");
	for (i = 0; (command = command_at(i)); i++) {
		text_printf(text, "complete -c spy -n __fish_use_subcommand -a %s -d ",
			    command->name);
		quoted(text, command->summary, "");
		text_add(text, "\n");
		for (k = 0; (option = command_option(command, k)); k++)
			fish_option(text, command, option);
		if (!command->operand_choices && !(command->flags & COMMAND_TARGET))
			continue;
		text_printf(text, "complete -c spy -n '__fish_seen_subcommand_from %s' -a '",
			    command->name);
		if (command->operand_choices)
			choices(text, command->operand_choices);
		else if (command->flags & COMMAND_OPERANDS)
			text_add(text, "(__spy_operands)");
		else
			text_add(text, "(" PIDS ")");
		text_add(text, "'\n");
	}
}

/* ------------------------------------------------------------------------------------------- */

static const struct shell {
	const char *name;
	void (*script)(struct text *text);
} shells[] = {
	{ .name = "bash", .script = bash_script },
	{ .name = "zsh", .script = zsh_script },
	{ .name = "fish", .script = fish_script },
};

static const char *shell_name(size_t index)
{
	return index < sizeof(shells) / sizeof(*shells) ? shells[index].name : NULL;
}

static struct spy_error *run(const void *arguments, struct output *output)
{
	const char *name = ((const struct arguments *)arguments)->operand;
	size_t i;

	for (i = 0; name && i < sizeof(shells) / sizeof(*shells); i++) {
		if (!strcmp(shells[i].name, name)) {
			shells[i].script(&output->text);
			return NULL;
		}
	}
	return spy_error_with_hint(
	    name ? spy_error_new(SPY_ERROR_USAGE, "no completion for \"%s\"", name)
		 : spy_error_new(SPY_ERROR_USAGE, "no shell given"),
	    "it is one of bash, zsh, fish");
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print the script that completes spy's words in a shell",
	.description =
	    "Prints a script for the shell: bash, zsh or fish. To have it in this shell:\n"
	    "  . <(spy completion bash)\n",
	.operand = "SHELL",
	.operand_choices = shell_name,
	.arguments_size = sizeof(struct arguments),
	.run = run,
};
