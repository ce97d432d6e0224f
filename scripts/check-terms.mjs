// node scripts/check-terms.mjs [PATH...]: finds terms in code, messages and documents that the style guide rejects.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { root, runDriver } from './steps.mjs';

/** Rejected term and its replacement. Terms match whole words, in any case. */
const TERMS = [
  ['clock that nobody sets', 'monotonic clock'],
  ['takes? back|taken back|took back', 'remove'],
  ['mend(?:s|ed|ing)?', 'fix, repair'],
  ['befalls?|befell|befallen', 'happen to'],
  ['stand-ins?', 'test double, stub, fake'],
  ['stands? where|stands? in (?:its|their|the) (?:place|way)', 'exists at, blocks'],
  ['heeds?', 'follow, honor'],
  ['for good', 'permanently'],
  ['rooms?(?! for| left| on)', 'module'],
  ['is told|are told|was told|were told', 'is reported, prints, receives'],
  ['tells? of|told of', 'reports, names'],
  ['of itself', 'automatically'],
  ['longer and longer', 'exponential backoff'],
  ['lies? in|lies? beside|lies? below|lay in', 'is in'],
  ['goes? on', 'continues'],
  ['in vain', 'without success'],
  ['way out', 'remedy, workaround'],
  ['aloud', 'with a message'],
  ['what of it', 'rewrite the sentence'],
  ['is gone for', 'has ended, is unreachable'],
  ['nobody of|nobody\\b.*\\bany more', 'no longer'],
  ['as ever', 'as before, unchanged'],
  ['at a loss', 'cannot'],
  ['on the way', 'in transit, during'],
  ['in clear(?! text)', 'not encrypted'],
  ['by the word of', 'according to'],
  ['becomes? of|became of', 'result, happens to'],
  ['not as it (?:should|has to) be', 'irregular, invalid'],
  ['nobody has looked', 'not checked'],
  ['lends?|lent', 'sends, provides'],
  ['nodes see', 'compute nodes can access'],
  ['in question', 'name the object'],
  ['user systemd', 'systemd user manager'],
  ['has yet to', 'has not … yet'],
  ['of (?:its|their) own(?=[.,;:)])', 'separate, different'],
  ['whoever', 'name the person or the account'],
  ['any more', 'no longer'],
  ['(?<!there )(?:is|are) no (?:number|token|address|job|JSON|problem document|object)', 'is not a, are not'],
];

const CHECKED = new Set([
  ...['.md', '.ts', '.tsx', '.mjs', '.cjs', '.js', '.json', '.java', '.py', '.sh', '.sql', '.nf'],
  ...['.yaml', '.yml', '.html', '.css', '.service', '.toml', '.config'],
]);
/** Directories in which a file without an extension is a program or a template. */
const WITHOUT_EXTENSION = /^(?:bin|\.ci|templates|test\/support\/bin|test\/campaigns\/[^/]+\/bin)\//;
const SKIPPED = new Set(['node_modules', 'dist', 'target', '.git', '.tap', '.cache', 'package-lock.json']);

function below(path) {
  return statSync(path).isDirectory() ? filesBelow(path) : [path];
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const name = relative(root, path);
    if (SKIPPED.has(entry.name) || name === 'scripts/check-terms.mjs') return [];
    if (entry.isDirectory()) return filesBelow(path);
    const isText = CHECKED.has(extname(name)) || (extname(name) === '' && WITHOUT_EXTENSION.test(name));
    return entry.isFile() && isText ? [path] : [];
  });
}

runDriver(async () => {
  const terms = TERMS.map(([pattern, instead]) => [
    new RegExp(`(?<![\\w-])(?:${pattern})(?![\\w-])`, 'i'),
    instead,
  ]);
  let found = 0;
  const only = process.argv.slice(2);
  const files = only.length === 0 ? filesBelow(root) : only.flatMap((name) => below(join(root, name)));
  for (const file of files) {
    for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      for (const [pattern, instead] of terms) {
        const word = pattern.exec(line)?.[0];
        if (word === undefined) continue;
        found += 1;
        process.stdout.write(`${relative(root, file)}:${index + 1}: "${word}": write ${instead}\n`);
      }
    }
  }
  return found === 0 ? 0 : 1;
});
