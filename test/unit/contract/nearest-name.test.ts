import t from 'tap';
import { didYouMean, nearestName } from '../../../daemon/contract/nearest-name.ts';

void t.test('finds the most similar name, or none', (t) => {
  const names = ['list', 'show', 'remove', 'workspaces', '--workspace', 'keepRunsDays', 'sge', 'lab/rna'];
  for (const [typed, meant] of [
    ['lst', 'list'],
    ['shwo', 'show'],
    ['workspace', 'workspaces'],
    ['--worksapce', '--workspace'],
    ['keeprunsdays', 'keepRunsDays'],
    ['lab/rnaa', 'lab/rna'],
    ['sg', 'sge'],
    ['keepR', 'keepRunsDays'],
    ['work', 'workspaces'],
    ['x', undefined],
    ['', undefined],
    ['nonsense', undefined],
    ['x'.repeat(100_000), undefined],
  ] as const)
    t.equal(nearestName(typed, names), meant, typed.slice(0, 20));
  t.equal(nearestName('wores', ['words', 'works']), 'words', 'of two names at the same distance, the first');
  t.equal(nearestName('wor', ['words', 'workers']), undefined, 'an abbreviation of two names');
  t.equal(nearestName('configuration', []), undefined);
  t.equal(didYouMean('lst', names), 'Did you mean list?');
  t.equal(didYouMean('nonsense', names), undefined);
  t.end();
});
