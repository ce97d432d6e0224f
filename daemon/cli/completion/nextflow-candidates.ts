import { takesNext } from '../../nextflow/launcher/arity.ts';
import type { NextflowWords } from './command-tree.ts';
import type { Candidate, Completion } from './completion.ts';

const FILE: Completion = { isFile: true };

/** Completes the words after `nf-escrow nextflow`. */
export function completeNextflow(
  nextflow: NextflowWords,
  before: readonly string[],
  last: string,
): Completion {
  const { launcherOptions, commands } = nextflow;
  for (let position = 0; position < before.length; position += 1) {
    const word = before[position] ?? '';
    if (word === 'run') return completeNextflowRun(nextflow, before.slice(position + 1), last);
    if (!word.startsWith('-')) return FILE; // an argument of another command
    if (takesNext(nextflow, word, nextOf(before, position, last))) position += 1;
    if (position === before.length) return FILE;
  }
  if (last.startsWith('-')) return wordsOf(Object.keys(launcherOptions));
  return wordsOf(commands);
}

/** Completes the words after `nextflow run`: its options, and files. */
export function completeNextflowRun(
  nextflow: NextflowWords,
  before: readonly string[],
  last: string,
): Completion {
  let hasPipeline = false;
  for (let position = 0; position < before.length; position += 1) {
    const word = before[position] ?? '';
    if (!word.startsWith('-') || word === '-') hasPipeline = true;
    else if (takesNext(nextflow, word, nextOf(before, position, last))) position += 1;
    if (position === before.length) return FILE; // the value of an option
  }
  // After the pipeline, an option is more likely than another word, except after a parameter of the pipeline.
  const isAfterParameter = /^--[^=]+$/.test(before.at(-1) ?? '');
  const isOption = last.startsWith('-')
    ? !last.startsWith('--')
    : last === '' && hasPipeline && !isAfterParameter;
  return isOption ? wordsOf(Object.keys(nextflow.runOptions)) : FILE;
}

/** Returns the word after a position, which may be the last one. Undefined if that has no character yet. */
function nextOf(before: readonly string[], position: number, last: string): string | undefined {
  return (before[position + 1] ?? last) || undefined;
}

function wordsOf(words: readonly string[]): Completion {
  return { words: words.map((word): Candidate => ({ word })) };
}
