// Checks command lines of nf-escrow against its tree of commands.
import type { CommandNode, CompletionTree, OptionNode } from '../../../daemon/cli/completion/command-tree.ts';

/** Options that every command accepts. */
const EVERYWHERE = ['--help', '-h', '--version', '-V'];
/** Commands whose arguments belong to Nextflow. */
const NEXTFLOWS = ['nextflow'];

/** What may precede a command: assignments, and programs that start it. */
const PREFIX = /^(?:\w+=\S*\s+|runuser -u \S+ -- |sudo |exec |time )*/;

/** Returns the invocations of nf-escrow in a command line of a shell, each as its words after `nf-escrow`. */
export function invocationsIn(text: string): string[][] {
  const line = text.replaceAll('\\\n', ' ').replace(/(^|\s)#.*$/gm, '$1');
  // A quoted word is one word, except if it contains a command substitution.
  const unquoted = line.replace(/'[^']*'|"[^"$]*"/g, 'QUOTED');
  return unquoted
    .split(/\s\||[;&\n()"`]|\d?[<>]+/)
    .map((command) => command.trim().replace(PREFIX, '').split(/\s+/))
    .filter(([program = '']) => /^(?:\S*\/)?nf-escrow$/.test(program))
    .map(([, ...words]) => words)
    .filter(({ length }) => length > 0);
}

/** Returns what is unknown in an invocation: a command or an option. */
export function unknownIn(tree: CompletionTree, words: readonly string[]): string[] {
  let node: CommandNode = tree.root;
  const options: OptionNode[] = [...node.options];
  const unknown: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith('-')) {
      if (node.names[0] === 'run' && !word.startsWith('--')) return unknown; // an option of Nextflow
      const name = word.split('=')[0] ?? '';
      const option = options.find(({ names }) => names.includes(name));
      if (word === '--') return unknown;
      if (option === undefined && !EVERYWHERE.includes(name) && !/^-\d*$/.test(word)) unknown.push(word);
      if (option?.value !== undefined && !word.includes('=')) index += 1;
      continue;
    }
    const below = node.commands.filter(({ names }) => word.split('|').some((each) => names.includes(each)));
    const [child] = below;
    if (child === undefined) {
      if (node === tree.root || (node.commands.length > 0 && node.arguments.length === 0)) {
        if (/^[a-z]/.test(word) && word !== 'help') unknown.push(word);
        return unknown;
      }
      if (node.names[0] === 'run') return unknown; // the pipeline: the rest is Nextflow's
      continue;
    }
    if (word.includes('|')) {
      const names = node.commands.flatMap((each) => each.names);
      unknown.push(...word.split('|').filter((each) => !names.includes(each)));
    }
    node = child;
    if (NEXTFLOWS.includes(node.names[0] ?? '')) return unknown;
    options.push(
      ...(node.names[0] === 'run' ? tree.runOptions : []),
      ...below.flatMap((each) => each.options),
    );
  }
  return unknown;
}
