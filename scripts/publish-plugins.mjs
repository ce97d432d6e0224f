// npm run publish:plugins -- [--registry URL] [--dry-run], after npm run package: publishes the Nextflow plugins with the API of
// Nextflow's plugin registry, as nextflow-plugin-gradle does: a draft release as JSON, then the archive as a multipart form.
// Variables as of nextflow-plugin-gradle: NPR_API_URL (instead of --registry), NPR_API_KEY.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from './packages/plugin-archives.mjs';
import { root, runDriver, say } from './steps.mjs';

/** Headings that a description in the registry must have. */
const SECTIONS = ['Summary', 'Get Started', 'Examples', 'License'];
const TIME_LIMIT_MS = 300_000;

runDriver(async () => {
  const { values } = parseArgs({
    options: { registry: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
  });
  const releases = readdirSync(join(root, 'dist/plugin')).map(readRelease);
  if (values['dry-run']) {
    for (const { draft, archive } of releases)
      process.stdout.write(
        `Would publish ${draft.id} ${draft.version} of ${draft.provider}: ${archive.length} bytes, ${draft.checksum}\n`,
      );
    return;
  }
  const registry = values.registry ?? process.env.NPR_API_URL;
  const key = process.env.NPR_API_KEY;
  if (!registry) throw new Error('Name the registry with --registry URL or NPR_API_URL.');
  if (!key) throw new Error('Set NPR_API_KEY to an access token of the registry.');
  for (const release of releases) await publish(registry.replace(/\/$/, ''), key, release);
});

/** Reads what the registry needs of a plugin. */
function readRelease(name) {
  const manifest = readManifest(name);
  const [id, version, provider] = ['Plugin-Id', 'Plugin-Version', 'Plugin-Provider'].map(
    (attribute) => manifest[attribute],
  );
  const path = join(root, 'dist/packages', `${name}.zip`);
  if (!existsSync(path)) throw new Error(`${path} does not exist. Run: npm run package`);
  const archive = readFileSync(path);
  const description = readFileSync(join(root, 'plugin', id, 'README.md'), 'utf8');
  const missing = SECTIONS.filter((section) => !description.includes(`\n## ${section}\n`));
  if (missing.length > 0) throw new Error(`plugin/${id}/README.md has no section ${missing.join(', ')}.`);
  const checksum = `sha512:${createHash('sha512').update(archive).digest('hex')}`;
  return { draft: { id, version, checksum, provider, description }, archive, name };
}

async function publish(registry, key, { draft, archive, name }) {
  const { id, version } = draft;
  say(`publishing ${id} ${version}`);
  const url = `${registry}/v1/plugins/release`;
  const answer = await post(url, key, JSON.stringify(draft), { 'Content-Type': 'application/json' });
  if (answer.status === 409) {
    say(`${id} ${version} exists already`);
    return;
  }
  const { releaseId } = JSON.parse(await acceptedBody(answer, url));
  if (!Number.isSafeInteger(releaseId)) throw new Error(`POST ${url} returned no release id.`);
  const form = new FormData();
  form.append('payload', new Blob([archive], { type: 'application/zip' }), `${name}.zip`);
  const upload = `${url}/${releaseId}/upload`;
  await acceptedBody(await post(upload, key, form), upload);
}

function post(url, key, body, headers = {}) {
  return fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, ...headers },
    body,
    redirect: 'error', // the key is for this server only
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
}

/** Returns the body of an answer. Throws with what the registry says if it did not accept the request. */
async function acceptedBody(answer, url) {
  const text = await answer.text();
  if (answer.status !== 200)
    throw new Error(`POST ${url} failed with status ${answer.status}: ${JSON.stringify(text.slice(0, 500))}`);
  return text;
}
