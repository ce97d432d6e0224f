// Measures what a new user waits for: from an empty home to the end of the first run, for each way to install nf-escrow.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureModules, ensurePackages } from '../set-up.mjs';
import { node, root, say, which } from '../steps.mjs';
import { coldStarts } from './cold-start.mjs';
import { untilInterrupted } from './interruption.mjs';
import { NewUser, VALUE } from './new-user.mjs';
import { median } from './place.mjs';

/** A smaller number only shows that the measurement works. */
const ROUNDS = Number(process.env.NF_ESCROW_BENCH_ROUNDS ?? 3);
/** What the user does after the installation. `secrets set` asks for the value, and starts the daemon. */
const FIRST_RUN = ['nf-escrow secrets set KEY_0', 'nf-escrow run main.nf'];

/** Returns one result per way to install, then those of starts from a network file system. */
export function install(bench) {
  ensurePackages();
  const work = join(bench.home, 'install');
  mkdirSync(work);
  const { npm, tarball } = builtPackages();
  execFileSync('tar', ['-xzf', tarball, '-C', work]);
  const [name] = readdirSync(work);
  const installed = join(work, name);
  const user = new NewUser(join(work, 'u'), bench.nextflow, join(installed, 'bin/nf-escrow'));
  return untilInterrupted(async (pause) => {
    try {
      return [
        ...(await firstRuns(user, waysToInstall({ user, npm, tarball, name, installed }), pause)),
        ...(await coldStarts(user, installed, pause)),
      ];
    } finally {
      user.leave();
      rmSync(work, { recursive: true, force: true });
    }
  });
}

function builtPackages() {
  const directory = join(root, 'dist/packages');
  const find = (ending) =>
    join(directory, readdirSync(directory).find((file) => file.endsWith(ending)) ?? '');
  return { npm: find('.tgz'), tarball: find(`-linux-${process.arch}.tar.gz`) };
}

/** Returns what a user types for each way to install, and what the shell has done `before`. */
function waysToInstall({ user, npm, tarball, name, installed }) {
  const modules = ensureModules();
  return {
    'nextflow run': {
      commands: ['nextflow run main.nf'],
      prepare: () => writeNextflowStore(user),
    },
    tarball: {
      commands: [
        `mkdir -p ~/.local && tar -xzf '${tarball}' -C ~/.local`,
        `export PATH=~/.local/${name}/bin:$PATH`,
        ...FIRST_RUN,
      ],
    },
    npm: {
      commands: [
        `npm install -g --prefix ~/.local --offline '${npm}'`,
        'export PATH=~/.local/bin:$PATH',
        ...FIRST_RUN,
      ],
      env: npmEnvironment(user, npm),
    },
    ...(modules && {
      module: {
        commands: ['module load nf-escrow', ...FIRST_RUN],
        before: `module() { eval "$(tclsh '${modules.environmentModules}' bash "$@")"; }`,
        env: { MODULEPATH: join(installed, 'share/modulefiles') },
      },
    }),
  };
}

/** Writes the secret where Nextflow reads it without nf-escrow. */
function writeNextflowStore({ home }) {
  mkdirSync(join(home, '.nextflow/secrets'), { recursive: true, mode: 0o700 });
  const secrets = JSON.stringify([{ name: 'KEY_0', value: VALUE }]);
  writeFileSync(join(home, '.nextflow/secrets/store.json'), secrets, { mode: 0o600 });
}

/** Puts libsql into npm's cache, and returns an environment with which npm uses this cache without a network. */
function npmEnvironment({ home, env }, file) {
  const warm = [
    'install',
    '-g',
    '--prefix',
    `${home}.npm`,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    file,
  ];
  execFileSync('npm', warm, { stdio: ['ignore', 2, 2] });
  rmSync(`${home}.npm`, { recursive: true });
  const setting = (key) => execFileSync('npm', ['config', 'get', key], { encoding: 'utf8' }).trim();
  return {
    PATH: [dirname(node), dirname(which('npm')), env.PATH].join(':'),
    npm_config_cache: setting('cache'),
    npm_config_registry: setting('registry'),
  };
}

/** Measures the ways in alternating order. The first round warms the file cache and does not count. */
async function firstRuns(user, ways, pause) {
  const taken = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    say(`from an empty home to the end of a run: round ${round} of ${ROUNDS}`);
    const names = Object.keys(ways);
    for (const way of round % 2 ? names : names.toReversed()) {
      await pause();
      user.arrive();
      ways[way].prepare?.();
      const times = user.type(ways[way].commands, ways[way]);
      if (round > 0) taken[way].push(times);
    }
  }
  const [[, bare], ...ours] = Object.entries(taken);
  return ours.map(([way, rounds]) => describe(way, ways[way].commands, rounds, bare.map(sum)));
}

function describe(way, commands, rounds, bare) {
  const totals = rounds.map(sum);
  return {
    figure: `${way}: ${commands.length} commands from an empty home to the end of a run (peer: nextflow run; ${ROUNDS} rounds)`,
    ours: median(totals),
    best: Math.min(...totals),
    worst: Math.max(...totals),
    theirs: median(bare),
    ratio: median(totals.map((time, round) => time / bare[round])),
    wanted: '-',
    peer: { best: Math.min(...bare), worst: Math.max(...bare) },
    steps: commands.map((command, index) => ({
      command: command.replace(/'[^']*\//, "'"),
      median: median(rounds.map((times) => times[index])),
    })),
  };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
