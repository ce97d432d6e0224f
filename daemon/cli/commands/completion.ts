import type { Command } from 'commander';
import { EscrowError } from '../../errors.ts';
import { print, printLines } from '../io/output.ts';
import { RUN_OPTIONS } from '../launch/run-options.ts';

/** What each shell asks at the Tab key: nf-escrow itself, which knows its commands. Where it knows none: files. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_nf_escrow() {
  mapfile -t COMPREPLY < <(nf-escrow complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _nf_escrow nf-escrow`,
  zsh: `#compdef nf-escrow
_nf_escrow() {
  local -a candidates
  candidates=("\${(@f)$(nf-escrow complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $candidates ]]; then compadd -a candidates; else _files; fi
}
compdef _nf_escrow nf-escrow`,
  fish: `function __nf_escrow
  set -l words (commandline -opc) (commandline -ct)
  nf-escrow complete -- $words[2..] 2>/dev/null; or __fish_complete_path (commandline -ct)
end
complete -c nf-escrow -f -a '(__nf_escrow)'`,
};

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<SHELL>', Object.keys(scripts).join(', '))
    .description('print what makes the Tab key complete commands and options')
    .addHelpText('after', '\nExample: nf-escrow completion bash >>~/.bashrc')
    .action((shell: string) => {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined)
        throw new EscrowError('usage', `There is no completion for "${shell}".`, {
          hint: `There is one for ${Object.keys(scripts).join(', ')}.`,
        });
      printLines(script);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => {
      const candidates = candidatesFor(program, words);
      for (const candidate of candidates) print(candidate);
      if (candidates.length === 0) process.exitCode = 1; // for fish: then files may be meant
    });
}

/** What the last word may become, after those before it. */
export function candidatesFor(program: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const command = before.reduce((found, word) => find(found, word) ?? found, program);
  const isPipeline =
    command.name() === 'nextflow' || (command.name() === 'run' && hasPipeline(before.slice(1)));
  if (isPipeline) return []; // nextflow's arguments, or a file
  const options = command.name() === 'run' ? RUN_OPTIONS : optionsOf(command);
  const visible = command.createHelp().visibleCommands(command);
  const all = last.startsWith('-') ? options : visible.map((each) => each.name());
  return all.filter((candidate) => candidate.startsWith(last));
}

function find(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

function optionsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => (long === undefined ? [] : [long]));
}

/** A word that is no option: the pipeline, or an option's value. What follows is best left to the shell. */
function hasPipeline(words: readonly string[]): boolean {
  return words.some((word) => !word.startsWith('-'));
}
