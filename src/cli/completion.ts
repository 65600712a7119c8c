import { Argument, type Command, Option } from "commander";
import { print } from "./terminal.js";

/** The line that follows the candidates where the shell is to offer the names of files. */
const files = ":files";

/**
 * The scripts that ask this program what a word can be. Each needs its shell alone, and can be read in again. They call
 * the program as the user does, who may have an alias for it.
 */
const scripts: Readonly<Record<string, (name: string) => string>> = {
  bash: (name) => `# Completion of ${name} for bash: source <(${name} complete bash)
_synergos_archive() {
  local command=\${COMP_WORDS[0]} current=\${COMP_WORDS[COMP_CWORD]} line
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  # Between an option and its value bash sees a word of its own.
  [[ $current == "=" ]] && current=""
  while IFS= read -r line; do
    if [[ $line == "${files}" ]]; then
      compopt -o default 2>/dev/null
    elif [[ \${line%%$'\\t'*} == "$current"* ]]; then
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(eval "$command __complete -- $(printf '%q ' "\${words[@]}")" 2>/dev/null)
}
complete -F _synergos_archive ${name}`,
  zsh: (name) => `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} complete zsh)
_synergos_archive() {
  local line value
  local -a candidates
  # Joined here: completion has options set by which each word else would come with all that stands before it.
  local given="\${(j: :)\${(@q)words[2,CURRENT]}}"
  for line in "\${(@f)$(eval "\${words[1]} __complete -- $given" 2>/dev/null)}"; do
    if [[ $line == "${files}" ]]; then
      _files
    elif [[ -n $line ]]; then
      value=\${line%%$'\\t'*}
      candidates+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#candidates} )) && _describe '${name}' candidates
}
# Of an alias zsh would complete what that stands for: a function in its place is completed by its own name.
if (( \${+aliases[${name}]} )); then
  () { unalias ${name}; functions[${name}]="$1 \\"\\$@\\"" } "\${aliases[${name}]}"
fi
(( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
compdef _synergos_archive ${name}`,
  fish: (name) => `# Completion of ${name} for fish: ${name} complete fish | source
function __synergos_archive
  # The word as it will be once its quotes are closed.
  set -l token (commandline -ct)
  set -l current (string unescape -- "$token"; or string unescape -- "$token'"; or string unescape -- "$token\\""; or echo "$token")
  set -l words (commandline -opc) "$current"
  set -l lines (eval $words[1] __complete -- (string escape -- $words[2..-1]) 2>/dev/null)
  for line in $lines
    if test "$line" = "${files}"
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c ${name} -e
complete -c ${name} -f -a '(__synergos_archive)'`,
};

/** Adds shell completion of all commands. */
export function addCompletion(program: Command): void {
  program
    .command("complete")
    .description("write the script by which a shell completes commands")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(scripts)))
    .action((shell: string) => print(scripts[shell]?.(program.name()) ?? ""));
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action((words: string[]) => {
      for (const line of candidates(program, words)) print(line);
    });
}

/** What the last word can be, each with a description after a tab. */
function candidates(program: Command, given: readonly string[]): string[] {
  const words = joined(given);
  // Where the shell has cut a word itself, it completes the value alone.
  return candidatesWithin(program, words, words.at(-1) === given.at(-1));
}

/** What the last word can be of those that follow a command's name. */
function candidatesWithin(parent: Command, words: string[], isWhole: boolean): string[] {
  const current = words.pop() ?? "";
  const [name, ...before] = words;
  if (name === undefined) {
    const commands = parent.createHelp().visibleCommands(parent);
    return matching(current, [
      ...commands.map((each) => [each.name(), each.description()] as const),
      ...optionsOf(parent),
    ]);
  }
  const command = parent.commands.find((each) => each.name() === name);
  if (!command) return [];
  if (command.commands.length > 0) return candidatesWithin(command, [...before, current], isWhole);
  const inline = /^(--[^=]+)=(.*)$/s.exec(current);
  const last = inline?.[1] ?? before.at(-1);
  const isEnded = before.includes("--");
  const option = isEnded ? undefined : optionNamed(command, last);
  if (option && takesValue(option)) {
    const values = valuesOf(option, inline?.[2] ?? current);
    return inline && isWhole ? values.map((value) => `${value === files ? "" : `${inline[1]}=`}${value}`) : values;
  }
  if (current.startsWith("-") && !isEnded) return matching(current, optionsOf(command));
  return valuesOf(command.registeredArguments[positionOf(command, before)], current);
}

/** Words as they were before bash cut them: "--output=json" is three to it. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  for (const [index, word] of words.entries()) {
    const before = whole.at(-1) ?? "";
    const goesOn = /^--[^=]+$/.test(before) ? word === "=" : /^--[^=]+=$/.test(before) && words[index - 1] === "=";
    if (goesOn) whole.push(`${whole.pop()}${word}`);
    else whole.push(word);
  }
  return whole;
}

/** How many arguments stand before the last word. */
function positionOf(command: Command, before: readonly string[]): number {
  let position = 0;
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? "";
    if (word === "--") return position + before.length - index - 1;
    const option = optionNamed(command, word);
    if (option && takesValue(option)) index++;
    else if (!/^-./.test(word)) position++;
  }
  return position;
}

const takesValue = (option: Option) => option.required || option.optional;

const optionNamed = (command: Command, word: string | undefined) =>
  word === undefined ? undefined : command.options.find(({ long, short }) => long === word || short === word);

const optionsOf = (command: Command) =>
  command
    .createHelp()
    .visibleOptions(command)
    .map((option) => [option.long ?? option.flags, option.description] as const);

/** What the value of an option or an argument can be; files where it says so. */
function valuesOf(taker: Option | Argument | undefined, current: string): string[] {
  if (!taker) return [];
  const choices = taker.argChoices ?? [];
  const name = taker instanceof Option ? (/<(.*?)>/.exec(taker.flags)?.[1] ?? "") : taker.name();
  if (name === "file") return [files];
  return matching(
    current,
    choices.map((choice) => [choice, ""] as const),
  );
}

const matching = (current: string, found: readonly (readonly [string, string])[]) =>
  found
    .filter(([word]) => word.startsWith(current))
    .map(([word, text]) => (text ? `${word}\t${text.replaceAll(/\s+/g, " ")}` : word));
