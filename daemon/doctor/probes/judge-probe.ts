import { hostname } from 'node:os';
import { failure, ok, type Check } from '../check.ts';

const NAME = 'probe';
const REMEDY =
  'Name a runs directory on a file system that keeps owners and modes: compute-envs update NAME --runs-dir DIR.';

/** What a job told of the probe's secret: lines of a key and a text, as templates/probe.sh writes them. */
export function judgeProbe(
  { answer, who }: { readonly answer: string; readonly who: string },
  wanted: string,
  runsDirectory: string,
): Check {
  const said = new Map(
    answer.split('\n').map((line) => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]),
  );
  const of = (key: string): string => said.get(key)?.trim() ?? '';
  const host = of('host') === hostname() ? 'this host' : of('host') || 'a node';
  const there = `${who} on ${host}`;
  if (of('digest') !== wanted)
    return failure(
      NAME,
      `${there} could not read what was placed for it in ${runsDirectory}`,
      'Is it the same file system there, and you the same user (root is often nobody on a file server)? Name another: compute-envs update NAME --runs-dir DIR.',
    );
  const us = String(process.geteuid?.());
  const modes = of('modes');
  if (modes !== `700:${us} 700:${us} 600:${us}`)
    return failure(
      NAME,
      `${there} sees it with other modes or owners (${modes}): others may read it there`,
      REMEDY,
    );
  if (of('others') === 'read')
    return failure(NAME, `${there}: another user (nobody) can read it in ${runsDirectory}`, REMEDY);
  const closed =
    of('others') === 'refused' ? 'another user was refused' : 'by owner and modes no other user can';
  return ok(NAME, `${there} read what was placed in ${runsDirectory} (${of('system')} there), and ${closed}`);
}
