// Examines what runs would execute, as a user of the machine. Each line of its input is a JSON object; each is answered by
// one: the places.
import { createInterface } from 'node:readline';
import { examineExecution } from '../../daemon/nextflow/executed/examine.ts';
import { trustedOwners } from '../../daemon/system/files/trust/trusted-owners.ts';
import type { Asked } from './examiner.ts';

for await (const line of createInterface({ input: process.stdin })) {
  const { env = {}, umask, owners = [], ...asked } = JSON.parse(line) as Asked;
  const all = { ...process.env, ...env };
  const home = all['NXF_HOME'] ?? `${all['HOME'] ?? ''}/.nextflow`;
  const plugins = `${home}/plugins`;
  const octal = Number.parseInt(umask, 8);
  const trusted = trustedOwners(owners);
  const { places } = examineExecution({ plugins, ...asked, env: all, umask: octal, owners: trusted });
  process.stdout.write(`${JSON.stringify(places)}\n`);
}
