import type { ArgumentNode, CommandNode, CompletionTree, OptionNode } from './command-tree.ts';
import type { Candidate, Completion, Place } from './completion.ts';
import { completeNextflow, completeNextflowRun } from './nextflow-candidates.ts';

const NOTHING: Completion = { words: [] };

/** Returns what can be inserted for the last word of a command line. `words`: without `nf-escrow`. */
export function findCompletion(tree: CompletionTree, words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const [first] = before;
  if (first === 'help') return completeHelp(tree.root, before.slice(1));
  if (first === 'run') return completeRun(tree, before.slice(1), last);
  if (first === 'nextflow') return completeNextflow(tree.nextflow, before.slice(1), last);
  return completeCommand(tree.root, before, last);
}

function completeCommand(root: CommandNode, before: readonly string[], last: string): Completion {
  const { command, path, rest } = walk(root, before);
  const positional: string[] = [];
  let [pending, areOptionsOver]: [OptionNode | undefined, boolean] = [undefined, false];
  for (const word of rest) {
    if (pending !== undefined) pending = undefined;
    else if (areOptionsOver || !word.startsWith('-') || word === '-') positional.push(word);
    else if (word === '--') areOptionsOver = true;
    else pending = takesNextWord(command.options, word);
  }
  const place = { command: path.join(' '), before: rest, typed: last };
  if (pending !== undefined) return ofValue(pending.value, { ...place, option: pending.names[0] ?? '' });
  if (last.startsWith('-') && !areOptionsOver) return completeOption(command.options, last, place);
  if (command.commands.length > 0)
    return positional.length > 0 ? NOTHING : { words: namesOf(command.commands) };
  return ofValue(argumentAt(command.arguments, positional.length), place);
}

/** Follows the names of commands as far as they are known. */
function walk(
  root: CommandNode,
  words: readonly string[],
): { command: CommandNode; path: string[]; rest: readonly string[] } {
  let command = root;
  const path: string[] = [];
  for (const [index, word] of words.entries()) {
    const next = command.commands.find(({ names }) => names.includes(word));
    if (next === undefined) return { command, path, rest: words.slice(index) };
    command = next;
    path.push(next.names[0] ?? '');
  }
  return { command, path, rest: [] };
}

function completeHelp(root: CommandNode, before: readonly string[]): Completion {
  const { command, rest } = walk(root, before);
  return rest.length > 0 ? NOTHING : { words: namesOf(command.commands) };
}

/** Options of nf-escrow come first. All words from the first other one on are Nextflow's. */
function completeRun(tree: CompletionTree, before: readonly string[], last: string): Completion {
  const place = { command: 'run', before, typed: last };
  for (let position = 0; position < before.length; position += 1) {
    const word = before[position] ?? '';
    if (word === '--') return completeNextflowRun(tree.nextflow, before.slice(position + 1), last);
    if (!word.startsWith('--')) return completeNextflowRun(tree.nextflow, before.slice(position), last);
    const option = takesNextWord(tree.runOptions, word);
    if (option === undefined) continue;
    position += 1;
    if (position === before.length) return ofValue(option.value, { ...place, option: option.names[0] ?? '' });
  }
  if (last.startsWith('--')) return completeOption(tree.runOptions, last, place);
  if (!last.startsWith('-')) return { isFile: true };
  const nextflow = completeNextflowRun(tree.nextflow, [], last);
  return 'words' in nextflow ? { words: [...nextflow.words, ...namesOf(tree.runOptions)] } : nextflow;
}

/** Completes the name of an option, or the value in `--name=value`. */
function completeOption(options: readonly OptionNode[], last: string, place: Place): Completion {
  const name = /^(--[^=]+)=/s.exec(last)?.[1];
  if (name === undefined) return { words: namesOf(options) };
  const option = options.find(({ names }) => names.includes(name));
  const typed = last.slice(name.length + 1);
  return ofValue(option?.value, { ...place, option: name, typed }, `${name}=`);
}

function ofValue(value: ArgumentNode | undefined, place: Place, prefix = ''): Completion {
  if (value === undefined) return NOTHING;
  if (value.choices !== undefined) return { words: value.choices.map((word) => ({ word })), prefix };
  return ['FILE', 'DIR', 'PATH'].includes(value.name) ? { isFile: true } : { value, place, prefix };
}

function argumentAt(all: readonly ArgumentNode[], index: number): ArgumentNode | undefined {
  const last = all.at(-1);
  return all[index] ?? (last?.isVariadic === true ? last : undefined);
}

function takesNextWord(options: readonly OptionNode[], word: string): OptionNode | undefined {
  return options.find(({ names, value }) => value !== undefined && names.includes(word));
}

function namesOf(nodes: readonly (CommandNode | OptionNode)[]): Candidate[] {
  return nodes.map(({ names: [word = ''], description }) => ({ word, description }));
}
