// Bundles compiled modules and their libraries into a few files, of which each command loads only those that it needs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './steps.mjs';

/**
 * Files of the bundle. Each contains the modules that match its pattern, and everything that they import and that is in no
 * earlier file. Patterns match paths below dist/daemon or node_modules. `main`: modules of almost every command, and small modules
 * that two files need of which neither loads the other. `run`: modules that start Nextflow. `audit`: what a worker thread loads.
 * `launch-child`: what a child process of the daemon loads first.
 * rolldown distributes all other modules.
 */
const GROUPS = {
  main: /^(\0rolldown\/runtime|main|contract\/token-header|cli\/commands\/daemon-run|nextflow\/launcher\/arity|api-client\/find-daemon|cli\/io\/passphrase|cli\/commands\/status|cli\/io\/time-format)$/,
  run: /^(cli\/launch\/(run|launch|run-options|build-for-platform)|launch\/(build-request|nextflow-modules|prepare-for-platform|examine-executed)|nextflow\/(launcher\/(find|local-store|arguments|named-paths|version|ask-version)|logs\/log|plugin\/secret-delivery)|system\/processes\/process-identity|schedulers\/enclosing-job)$/,
  complete: /^cli\/completion\//,
  table: /^cli\/(io\/table|commands\/status-table)$/,
  launch: /^(cli\/launch\/run-in-foreground|system\/processes\/process-limits)$/,
  commands: /^cli\/(program$|commands\/(?!(daemon|uninstall)$))/,
  service: /^(service\/|cli\/commands\/(daemon|uninstall)$)/,
  prompt: /^@inquirer\//,
  age: /^(age-encryption|@noble|@scure)\//,
  lock: /^ledger\/lock$/,
  kysely: /^kysely\//,
  audit: /^runs\/audit\/audit-worker$/,
  'launch-child': /^launch\/child\/child$/,
  doctor: /^(doctor\/|cli\/commands\/doctor)/,
  daemon: /^daemon$/,
  postgres: /^(ledger\/postgres\/|pg($|[-/])|postgres-(array|bytea|date|interval)|split2|xtend)/,
  oidc: /^(openid-client|oauth4webapi|jose)\//,
  aws: /^aws\/session\/sdk\/(?!client-kms$)/,
  kms: /^aws\/session\/sdk\/client-kms$/,
};

/** Files that load a module of Node when they first use it. */
const LAZY = ['main', 'run', 'complete', 'table', 'launch', 'commands', 'service'];

/**
 * A command uses few of the modules of Node that its files import, and crypto, net and child_process take as long to load as
 * all of our code. Prefers process.getBuiltinModule, which Node 20.16 introduced: require also prepares the exports for ES
 * modules, which makes Node 22 and later load WebSocket and fetch with node:http.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  renderChunk(code, { name, isEntry }) {
    if (isEntry || !LAZY.includes(name)) return null;
    const lazy = code.replace(/^let (\w+) = require\("(node:[^"]+)"\);$/gm, (line, variable, module) =>
      // A default import assigns to the variable.
      ['node:fs', 'node:path'].includes(module) || code.includes(`\n${variable} = `)
        ? line
        : `const ${variable} = lazyBuiltin("${module}");`,
    );
    return `${LAZY_BUILTIN}\n${lazy}`;
  },
};

/** The native part of pg is not installed, and pg-cloudflare is only for Cloudflare. pg loads neither by itself. */
const withoutNativePg = {
  name: 'without-native-pg',
  resolveId: (id) => (/^pg-(native|cloudflare)$/.test(id) ? `\0absent:${id}` : null),
  load: (id) => (id.startsWith('\0absent:') ? 'module.exports = {};' : null),
};

const LAZY_BUILTIN = `function lazyBuiltin(name) {
  let found;
  const get = (_, key) => (found ??= process.getBuiltinModule?.(name) ?? require(name))[key];
  return new Proxy({}, { get });
}`;

/** Bundles modules into files in a directory. `input`: names of entries and the paths of their modules. Returns the files. */
export async function bundleModules(input, out) {
  const build = await rolldown({
    input,
    cwd: root,
    platform: 'node',
    external: [/^libsql$/],
    plugins: [withoutNativePg],
    // The AWS SDK's ES modules: of a client only the commands that we name are taken.
    resolve: { mainFields: ['module', 'main'] },
    checks: { ineffectiveDynamicImport: false }, // some commands import a module dynamically, others statically
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
    format: 'cjs', // the loader of ES modules takes as long as all of `nf-escrow --version`
    entryFileNames: '[name].entry.cjs',
    chunkFileNames: '[name].cjs',
    comments: false, // each start parses the files; licences are in a separate file
    codeSplitting: { groups },
    plugins: [lazyBuiltins],
  });
  await build.close();
  for (const { fileName } of output.filter(({ type }) => type === 'chunk')) {
    const path = join(out, fileName);
    writeFileSync(path, toAscii(readFileSync(path, 'utf8')));
  }
  return output;
}

/** V8 keeps the source of each file in memory, with two bytes for each character if one of them is not Latin-1. */
function toAscii(code) {
  return code.replace(/(\\*)([^\0-\x7f])/g, (_, slashes, unit) => {
    const kept = slashes.length % 2 === 0 ? slashes : slashes.slice(1); // an escaped character that needs no escape
    return `${kept}\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
