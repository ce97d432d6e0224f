// Builds the Nextflow plugins with Maven and lays them into dist/plugin, as Nextflow wants them and the package ships them.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './steps.mjs';

const SOURCES = join(root, 'plugin');
const TARGET = join(root, 'dist/plugin');
const MARK = join(root, 'dist/.plugin-hash');

/** Builds them when their sources are not those of the last build. The JUnit tests are `npm test`'s: testPlugin. */
export function buildPlugin() {
  const hash = hashOfSources();
  if (existsSync(TARGET) && existsSync(MARK) && readFileSync(MARK, 'utf8') === hash) return;
  say('building the Nextflow plugin (Maven)');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  maven(version, ['-DskipTests', 'clean', 'process-classes']);
  const laid = `${TARGET}.new`;
  rmSync(laid, { recursive: true, force: true });
  for (const name of pluginNames()) {
    const classes = join(laid, `${name}-${version}`, 'classes');
    mkdirSync(classes, { recursive: true });
    cpSync(join(SOURCES, name, 'target/classes'), classes, { recursive: true });
  }
  rmSync(TARGET, { recursive: true, force: true });
  renameSync(laid, TARGET);
  writeFileSync(MARK, hash);
}

/** Runs the plugins' JUnit tests; throws when one fails. */
export function testPlugin() {
  say('testing the Nextflow plugin (JUnit)');
  maven('0.0.0', ['test']);
}

/** Modules with a manifest are plugins; others only help to compile them. */
function pluginNames() {
  return readdirSync(SOURCES).filter((name) =>
    existsSync(join(SOURCES, name, 'src/main/resources/META-INF/MANIFEST.MF')),
  );
}

function maven(version, goals) {
  run('mvn', ['-q', '-B', `-Drevision=${version}`, ...goals], { cwd: SOURCES });
}

function hashOfSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package.json')));
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.slice(SOURCES.length).includes('/target/'))
    .sort();
  for (const path of files) hash.update(path.slice(SOURCES.length)).update(readFileSync(path));
  return hash.digest('hex');
}
