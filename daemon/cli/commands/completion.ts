import type { Command } from 'commander';
import { printLines } from '../io/output.ts';
import { unknownChoice } from '../io/unknown-choice.ts';

/**
 * Completion scripts. Each calls `nf-escrow complete -- WORDS...`, which prints candidates, each with a tab and a description. Its exit
 * status says how to go on: 0 with the candidates, 1 with file names, 2 with nothing.
 */
const scripts: Readonly<Record<string, string>> = {
  // Bash splits words at the equals sign, and completes only the part after it.
  bash: `_nf_escrow() {
  local word found status
  local -a words=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ \${#words[@]} -gt 0 && ( ( $word == = && \${words[-1]} == --* ) || \${words[-1]} == --*= ) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  found=$(nf-escrow complete -- "\${words[@]}" 2>/dev/null)
  status=$?
  if [[ $status -eq 0 ]]; then
    compopt -o nosort 2>/dev/null
    while IFS= read -r word; do
      word=\${word%%$'\\t'*}
      [[ $word != --*=* ]] || word=\${word#*=}
      COMPREPLY+=("$word")
    done <<<"$found"
  elif [[ $status -eq 1 ]]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F _nf_escrow nf-escrow`,
  zsh: `#compdef nf-escrow
_nf_escrow() {
  local found exit_status line
  local -a candidates
  found=$(nf-escrow complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  exit_status=$?
  if (( exit_status == 1 )); then
    _files
  elif (( exit_status == 0 )); then
    for line in "\${(@f)found}"; do
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
      [[ $line == *$'\\t'* ]] || candidates[-1]=\${line//:/\\\\:}
    done
    _describe -V 'nf-escrow' candidates
  fi
}
if [[ \${funcstack[1]} == _nf-escrow || \${funcstack[1]} == _nf_escrow ]]; then
  _nf_escrow "$@"
else
  compdef _nf_escrow nf-escrow
fi`,
  fish: `function __nf_escrow
  set -l words (commandline -opc) (commandline -ct)
  nf-escrow complete -- $words[2..-1] 2>/dev/null
  test $status -ne 1; or __fish_complete_path (commandline -ct)
end
complete -c nf-escrow -f -k -a '(__nf_escrow)'`,
};

/** The shells with a completion script. */
export const shells: readonly string[] = Object.keys(scripts);

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<SHELL>', shells.join(', '))
    .description('Print a shell completion script')
    .addHelpText('after', '\nExample: nf-escrow completion bash >>~/.bashrc')
    .action((shell: string) => {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined)
        throw unknownChoice(`Cannot print a completion script: unknown shell "${shell}".`, shell, shells);
      printLines(script);
    });
}
