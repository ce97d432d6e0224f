import { hostname } from 'node:os';
import { failure, ok, type Check } from '../check.ts';

const NAME = 'probe';
const REMEDY =
  'Set a runs directory on a file system that preserves owners and modes: nf-escrow compute-envs update NAME --runs-dir DIR.';

/** Judges the report of a probe job: lines of a key and a text, as templates/probe.sh writes them. */
export function judgeProbe(
  { answer, who }: { readonly answer: string; readonly who: string },
  wanted: string,
  runsDirectory: string,
): Check {
  const report = new Map(
    answer.split('\n').map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]),
  );
  const of = (key: string): string => report.get(key)?.trim() ?? '';
  const host = of('host') === hostname() ? 'this host' : of('host') || 'a node';
  const there = `${who} on ${host}`;
  if (of('digest') !== wanted)
    return failure(
      NAME,
      `${there} could not read the test value in ${runsDirectory}`,
      'Check that both hosts mount the same file system and that your user id is the same on both (a file server often maps root to nobody). Or set another directory: nf-escrow compute-envs update NAME --runs-dir DIR.',
    );
  const us = String(process.geteuid?.());
  const modes = of('modes');
  if (modes !== `700:${us} 700:${us} 600:${us}`)
    return failure(
      NAME,
      `${there} sees different modes or owners (${modes}): other users may be able to read secrets there`,
      REMEDY,
    );
  if (of('others') === 'read')
    return failure(
      NAME,
      `${there}: another user (nobody) can read the test value in ${runsDirectory}`,
      REMEDY,
    );
  const closed =
    of('others') === 'refused' ? 'another user could not' : 'owner and modes exclude other users';
  return ok(
    NAME,
    `${there} read the test value in ${runsDirectory} (file system ${of('system')}); ${closed}`,
  );
}
