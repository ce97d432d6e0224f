// Compares nf-escrow with what people use instead: `nextflow secrets`, and `sops exec-env` if sops is on PATH. All programs
// take turns, so that a change of the load affects all of them.
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { say, which } from '../steps.mjs';
import { ANSWER_VERSION, median } from './place.mjs';

/** A smaller number only shows that the measurement works. */
const ROUNDS = Number(process.env.NF_ESCROW_BENCH_ROUNDS ?? 21);
const VALUE = 'a value of 32 characters, no more';

/** Returns one result per case, with the times of each program. */
export async function peers(bench) {
  const sops = await prepareSops(bench);
  bench.escrow(['daemon', 'start']);
  bench.escrow(['secrets', 'set', 'KEY_0'], VALUE);
  const store = join(bench.home, 'peer-store.json');
  writeFileSync(store, JSON.stringify([{ name: 'KEY_0', value: VALUE }]), { mode: 0o600 });
  const bare = { ...bench.env, NXF_SECRETS_FILE: store };
  const idle = join(bench.home, 'idle-nextflow');
  writeFileSync(idle, `#!/bin/bash\n${ANSWER_VERSION}\nexit 0\n`, { mode: 0o755 });
  const withIdle = { ...bench.env, NF_ESCROW_NEXTFLOW: idle };
  return [
    measure('set a secret', {
      'nf-escrow secrets set': () => bench.escrow(['secrets', 'set', 'KEY_1'], VALUE),
      'nextflow secrets set': () => bench.time(bench.nextflow, ['secrets', 'set', 'KEY_1', VALUE]),
      ...(sops && { 'sops set': () => sops(['set', sops.file, '["KEY_1"]', JSON.stringify(VALUE)]) }),
      'baseline: write 4 KiB and fsync': () => timeOfWrite(bench),
    }),
    measure('start and end a run without tasks', {
      'nf-escrow run': () => bench.escrow(['run', 'main.nf'], '', withIdle),
      ...(sops && { 'sops exec-env': () => sops(['exec-env', sops.file, `${idle} run main.nf`]) }),
      'baseline: start and end the program': () => bench.time(idle, ['run', 'main.nf']),
    }),
    measure('run a pipeline with one task and one secret', {
      'nf-escrow run': () => bench.escrow(['run', '--only-secret', 'KEY_0', 'main.nf']),
      'nextflow run, with nextflow secrets': () => bench.time(bench.nextflow, ['run', 'main.nf'], bare),
      ...(sops && { 'sops exec-env': () => sops(['exec-env', sops.file, `${bench.nextflow} run bare.nf`]) }),
      'baseline: nextflow run, without a secret': () => bench.time(bench.nextflow, ['run', 'bare.nf']),
    }),
  ];
}

/** Measures programs in alternation. The first round warms caches and does not count. */
function measure(title, programs) {
  say(`${title}: ${Object.keys(programs).join(', ')}`);
  const names = Object.keys(programs);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const name of round % 2 ? names : names.toReversed()) {
      const time = programs[name]();
      if (round > 0) taken[name].push(time);
    }
  const [own, peer] = names.map((name) => median(taken[name]));
  return {
    figure: `${title} (peer: ${names[1]}; ${ROUNDS} rounds)`,
    ours: own,
    worst: Math.max(...taken[names[0]]),
    theirs: peer,
    ratio: own / peer,
    wanted: '-',
    case: title,
    programs: names.map((name) => describe(name, taken[name], taken[names.at(-1)])),
  };
}

/** The median, the interquartile range of the times, and the ratio to the baseline in the same round. */
function describe(name, times, baseline) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.round((sorted.length - 1) * part)];
  const ratio = median(times.map((time, round) => time / baseline[round]));
  return { name, median: median(times), low: at(0.25), high: at(0.75), ratio };
}

function timeOfWrite(bench) {
  const file = openSync(join(bench.home, 'written'), 'w', 0o600);
  const start = process.hrtime.bigint();
  writeSync(file, Buffer.alloc(4096));
  fsyncSync(file);
  const taken = Number(process.hrtime.bigint() - start) / 1e6;
  closeSync(file);
  return taken;
}

/** Encrypts a file with one secret, and returns a function that runs sops. Undefined if sops is not on PATH. */
async function prepareSops(bench) {
  writeFileSync(
    join(bench.launch, 'bare.nf'),
    'process HELLO {\n  script:\n  "echo hello"\n}\nworkflow { HELLO() }\n',
  );
  const program = which('sops');
  if (program === undefined) {
    say('sops is not on PATH: compares with nextflow secrets only');
    return undefined;
  }
  const identity = await generateX25519Identity();
  const keys = join(bench.home, 'sops.keys');
  writeFileSync(keys, `${identity}\n`, { mode: 0o600 });
  const file = join(bench.home, 'secrets.json');
  writeFileSync(file, JSON.stringify({ KEY_0: VALUE }), { mode: 0o600 });
  const env = { ...bench.env, SOPS_AGE_KEY_FILE: keys };
  bench.time(program, ['encrypt', '--in-place', '--age', await identityToRecipient(identity), file], env);
  return Object.assign((args) => bench.time(program, args, env), { file });
}
