// Builds the Nextflow plugins with Maven and copies them to dist/plugin in the layout that Nextflow expects.
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

/** Builds the plugins if their sources have changed since the last build. Skips the JUnit tests: see testPlugin. */
export function buildPlugin() {
  const hash = hashOfSources();
  if (existsSync(TARGET) && existsSync(MARK) && readFileSync(MARK, 'utf8') === hash) return;
  say('building the Nextflow plugin (Maven)');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  maven(version, ['-DskipTests', 'clean', 'process-classes']);
  const laid = `${TARGET}.new`;
  rmSync(laid, { recursive: true, force: true });
  for (const name of pluginNames()) {
    layOut(join(SOURCES, name, 'target/classes'), join(laid, `${name}-${version}`), name);
  }
  rmSync(TARGET, { recursive: true, force: true });
  renameSync(laid, TARGET);
  writeFileSync(MARK, hash);
}

/**
 * Nextflow reads the descriptors from `classes/META-INF`. The classes are in a jar, because each launch compares the installed
 * plugin with this one, and few large files are read faster than many small ones.
 */
function layOut(compiled, plugin, name) {
  const descriptors = join(plugin, 'classes/META-INF');
  cpSync(join(compiled, 'META-INF'), descriptors, { recursive: true });
  mkdirSync(join(plugin, 'lib'));
  const packages = readdirSync(compiled).filter((entry) => entry !== 'META-INF');
  run('jar', ['--create', '--no-manifest', '--file', join(plugin, 'lib', `${name}.jar`), ...packages], {
    cwd: compiled,
  });
}

/** Runs the plugins' JUnit tests, prints failures and returns the totals. Throws when no test ran. */
export function testPlugin() {
  say('testing the Nextflow plugin (JUnit)');
  for (const module of modules())
    for (const left of ['surefire-reports', 'tmp'])
      rmSync(join(SOURCES, module, 'target', left), { recursive: true, force: true });
  maven('0.0.0', ['-Dmaven.test.failure.ignore=true', 'test']);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reports()) {
    const suite = /<testsuite\b[^>]*>/.exec(readFileSync(report, 'utf8'))?.[0] ?? '';
    const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = count('failures') + count('errors');
    totals.failed += failed;
    totals.skipped += count('skipped');
    totals.passed += count('tests') - failed - count('skipped');
  }
  if (totals.passed + totals.failed === 0) throw new Error('No test of the plugin ran.');
  return totals;
}

function reports() {
  return modules()
    .map((name) => join(SOURCES, name, 'target/surefire-reports'))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)))
    .filter((path) => path.endsWith('.xml'));
}

function modules() {
  return readdirSync(SOURCES).filter((name) => existsSync(join(SOURCES, name, 'pom.xml')));
}

/** Returns the modules with a manifest. The others are only needed for compilation. */
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
