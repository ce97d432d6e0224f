// node scripts/bundle.mjs, after tsc: the program as it is published: what tsc has compiled and the libraries that it uses, bundled into few files of which a
// command loads those that it needs; only libsql, which has a binary, stays a package. With the licences of what is in it.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root, runDriver } from './steps.mjs';

const ENTRY = 'entry.cjs';
const bundle = join(root, 'dist/bundle');
/** The bundle is renamed when it is complete, because commands may start during the build. */
const out = `${bundle}.${process.pid}`;

/** Licences of bundled packages that a package under Apache-2.0 may contain. Any other one ends the build. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/**
 * What goes into one file together with all that it imports, an earlier group first; a module is named by its path below
 * dist/daemon or node_modules. `main` has what nearly every command needs, `run` what a command needs to start Nextflow. What no
 * group names is put where it is shared, or on its own.
 */
const GROUPS = {
  main: /^(\0rolldown\/runtime|main|api-client\/find-daemon|cli\/io\/passphrase|cli\/commands\/status)$/,
  run: /^(cli\/launch\/(run|launch|nextflow-modules|run-options|prepare-for-platform|examine-executed)|nextflow\/(launcher\/(find|local-store|arguments|named-paths)|logs\/log|plugin\/secret-delivery)|system\/processes\/process-identity|schedulers\/enclosing-job)$/,
  launch: /^(cli\/launch\/run-in-foreground|system\/processes\/process-limits)$/,
  commands: /^cli\/(program$|commands\/(?!daemon$))/,
  service: /^(service\/|cli\/commands\/daemon$)/,
  prompt: /^@inquirer\//,
  age: /^(age-encryption|@noble|@scure)\//,
  lock: /^ledger\/lock$/,
  daemon: /^daemon$/,
  aws: /^aws\/session\/sdk\//,
  doctor: /^doctor\//,
};

/** Files of which the modules of Node that they import are loaded when they are first used. */
const LAZY = ['main', 'run', 'launch', 'commands', 'service'];

/**
 * Of all that a command may need of Node it uses little, and crypto, net and child_process take as long to load as all of
 * its own code. process.getBuiltinModule, where there is one, is faster than require: that prepares what an ES module would
 * import, for which Node 22 and later load WebSocket and fetch with node:http.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  renderChunk(code, { name, isEntry }) {
    if (isEntry || !LAZY.includes(name)) return null;
    const lazy = code.replace(/^let (\w+) = require\("(node:[^"]+)"\);$/gm, (line, variable, module) =>
      ['node:fs', 'node:path'].includes(module) ? line : `const ${variable} = lazyBuiltin("${module}");`,
    );
    return `${LAZY_BUILTIN}\n${lazy}`;
  },
};

const LAZY_BUILTIN = `function lazyBuiltin(name) {
  let found;
  const get = (_, key) => (found ??= process.getBuiltinModule?.(name) ?? require(name))[key];
  return new Proxy({}, { get });
}`;

runDriver(async () => {
  const build = await rolldown({
    input: { main: join(root, 'dist/daemon/main.js') },
    cwd: root,
    platform: 'node',
    external: [/^libsql$/],
    // The AWS SDK's ES modules: of a client only the commands that we name are taken.
    resolve: { mainFields: ['module', 'main'] },
    checks: { ineffectiveDynamicImport: false }, // some are for one way to a module, which another way has loaded
    onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
  });
  const groups = Object.entries(GROUPS).map(([name, pattern], index, { length }) => ({
    name,
    test: (id) => pattern.test(id.replace(/^.*\/(dist\/daemon|node_modules)\//, '').replace(/\.js$/, '')),
    priority: length - index,
  }));
  mkdirSync(out, { recursive: true });
  const { output } = await build.write({
    dir: out,
    format: 'cjs', // Node's loader of ES modules takes as long as all of `nf-escrow --version`
    entryFileNames: ENTRY,
    chunkFileNames: '[name].cjs',
    comments: false, // less to read at each start; licences are in a file of their own
    codeSplitting: { groups },
    plugins: [lazyBuiltins],
  });
  await build.close();
  // The entry only hands on what is in main.cjs: bin/start.cjs has no need of it, and each file is one more to open.
  const main = output.find(({ fileName }) => fileName === 'main.cjs');
  if (!main?.exports?.includes('main') || output.some(({ imports }) => imports?.includes(ENTRY)))
    throw new Error('The bundle has no main.cjs that stands for itself.');
  rmSync(join(out, ENTRY));
  for (const { fileName } of output.filter(({ type, fileName }) => type === 'chunk' && fileName !== ENTRY)) {
    const path = join(out, fileName);
    writeFileSync(path, toAscii(readFileSync(path, 'utf8')));
  }
  writeFileSync(join(out, 'THIRD_PARTY_LICENSES'), licenses(output));
  rmSync(bundle, { recursive: true, force: true });
  renameSync(out, bundle);
});

/** V8 keeps the source of each file in memory, with two bytes for each character if one of them is not Latin-1. */
function toAscii(code) {
  return code.replace(/(\\*)([^\0-\x7f])/g, (_, slashes, unit) => {
    const kept = slashes.length % 2 === 0 ? slashes : slashes.slice(1); // an escaped character that needs no escape
    return `${kept}\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The name, version and licence text of every package that is in the bundle. */
function licenses(output) {
  const modules = output.flatMap(({ moduleIds }) => moduleIds ?? []);
  const packages = new Map();
  for (const module of modules) {
    const [, directory] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module) ?? [];
    if (directory !== undefined) packages.set(directory, describe(directory));
  }
  const sections = [...packages.values()].sort().map((text) => text.trimEnd());
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `nf-escrow contains these packages:${rule}${sections.join(rule)}\n`;
}

function describe(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!PERMISSIVE.includes(license))
    throw new Error(`${name} ${version} has the licence ${license}, which scripts/bundle.mjs does not know.`);
  const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const text = file === undefined ? '' : `\n\n${readFileSync(join(directory, file), 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
