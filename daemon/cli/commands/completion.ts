import type { Command } from 'commander';
import { EscrowError } from '../../errors.ts';
import { print, printLines } from '../io/output.ts';
import { RUN_OPTIONS } from '../launch/run-options.ts';

/** Completion scripts. Each calls `nf-escrow complete`, and falls back to file names if that prints nothing. */
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
    .description('Print a shell completion script')
    .addHelpText('after', '\nExample: nf-escrow completion bash >>~/.bashrc')
    .action((shell: string) => {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined)
        throw new EscrowError('usage', `Cannot print a completion script: unknown shell "${shell}".`, {
          hint: `Use one of: ${Object.keys(scripts).join(', ')}.`,
        });
      printLines(script);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => {
      const candidates = candidatesFor(program, words);
      for (const candidate of candidates) print(candidate);
      if (candidates.length === 0) process.exitCode = 1; // fish then completes file names
    });
}

/** Returns the completions of the last word. */
export function candidatesFor(program: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const command = before.reduce((found, word) => find(found, word) ?? found, program);
  const isPipeline =
    command.name() === 'nextflow' || (command.name() === 'run' && hasPipeline(before.slice(1)));
  if (isPipeline) return []; // an argument of nextflow, or a file
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

/** Whether a word may be the pipeline. It may also be an option's value, which is left to the shell as well. */
function hasPipeline(words: readonly string[]): boolean {
  return words.some((word) => !word.startsWith('-'));
}
