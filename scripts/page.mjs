// node scripts/page.mjs, after tsc: builds the web page of a daemon in dist/page and that of a team server in dist/team-page, which
// share code and styles. Names of assets contain a hash of their content, so that browsers keep them. manifest.json lists the files and
// their headers; nothing else is served.
// --development builds them with readable code, and the page of a daemon with the page of components (#/design). --watch does so again
// at each change. --out DIR builds only the page of a daemon, in another directory.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { licensesOf } from './licenses.mjs';
import { PAGE_BYTES_MAX } from './page-size.mjs';
import { root, runDriver, say } from './steps.mjs';

const { values: options } = parseArgs({
  options: {
    development: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const source = join(root, 'page');
/**
 * A daemon is at any address of a proxy or an SSH forward, and its policy permits scripts of its own origin. A team server has one origin
 * and permits each script by its whole address, and no inline script.
 */
const DAEMON = { entry: 'main.tsx', out: resolve(options.out ?? join(root, 'dist/page')), isInline: true };
const TEAM = { entry: 'team/main.tsx', out: join(root, 'dist/team-page'), isInline: false };
const PAGES = options.out === undefined ? [DAEMON, TEAM] : [DAEMON];
const IMMUTABLE = 'public, max-age=31536000, immutable';

runDriver(async () => {
  await buildAll(options.development || options.watch);
  if (!options.watch) return;
  say('watching page/ (Ctrl-C ends)');
  let timer;
  watch(source, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => buildAll(true).catch((error) => say(error.message)), 50);
  });
  await new Promise(() => undefined); // until Ctrl-C
});

async function buildAll(isDevelopment) {
  for (const page of PAGES) await build(page, isDevelopment);
}

async function build({ entry, out, isInline }, isDevelopment) {
  const { code, licenses } = await bundle(entry, isDevelopment);
  const theme = minified(readFileSync(join(source, 'theme.js'), 'utf8'));
  const script = asset('page', 'js', 'text/javascript', code);
  const style = asset('page', 'css', 'text/css', styles(isDevelopment));
  const assets = {
    script,
    style,
    ...(isInline ? {} : { theme: asset('theme', 'js', 'text/javascript', theme) }),
  };
  const files = [
    { path: '', type: 'text/html; charset=utf-8', cache: 'no-cache', content: html(assets, theme) },
    ...Object.values(assets).map(({ path, type, content }) => ({ path, type, cache: IMMUTABLE, content })),
  ];
  const size = files.reduce((sum, { content }) => sum + brotli(content).length, 0);
  const name = basename(out);
  if (size > PAGE_BYTES_MAX && !isDevelopment)
    throw new Error(`${name} has ${size} bytes, compressed. At most ${PAGE_BYTES_MAX} are allowed.`);
  write(out, files, policyFor(isInline ? theme : undefined), licenses);
  say(`built ${name}: ${(size / 1000).toFixed(1)} KB compressed`);
}

/** Names contain a hash of the content. */
function asset(name, extension, type, content) {
  const hash = digest('sha256', content)
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 12);
  return {
    path: `assets/${name}-${hash}.${extension}`,
    type: `${type}; charset=utf-8`,
    content,
    integrity: `sha384-${digest('sha384', content)}`,
  };
}

async function bundle(entry, isDevelopment) {
  const made = await rolldown({
    input: join(source, entry),
    cwd: root,
    platform: 'browser',
    transform: {
      target: 'es2022',
      define: { DEVELOPMENT: String(isDevelopment) },
    },
    onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
  });
  const { output } = await made.generate({
    format: 'es',
    minify: !isDevelopment,
    comments: isDevelopment,
    codeSplitting: false,
  });
  await made.close();
  if (output.length !== 1) throw new Error('The page has more than one file of code.');
  return { code: output[0].code, licenses: licensesOf(output) };
}

function styles(isDevelopment) {
  const css = readFileSync(join(source, 'style/page.css'), 'utf8');
  return isDevelopment
    ? css
    : css
        .replaceAll(/\/\*.*?\*\//gs, '')
        .replaceAll(/\s*\n\s*/g, '\n')
        .trim();
}

/** Scripts and styles have a hash (SRI): a port can have belonged to another user, whose files the browser may have kept. */
function html({ script, style, theme: themeFile }, theme) {
  return readFileSync(join(source, 'index.html'), 'utf8')
    .replace(
      '<!-- styles -->',
      `<link rel="stylesheet" href="${style.path}" integrity="${style.integrity}" />`,
    )
    .replace('<!-- theme -->', () =>
      themeFile === undefined
        ? `<script>${theme}</script>`
        : `<script src="${themeFile.path}" integrity="${themeFile.integrity}"></script>`,
    )
    .replace(
      '<!-- scripts -->',
      `<script type="module" src="${script.path}" integrity="${script.integrity}"></script>`,
    )
    .replaceAll(/\n\s*/g, '\n');
}

function minified(script) {
  return script
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}

/** Everything comes from the page's own origin, and nothing inline runs except for the script `theme`, by its hash. */
function policyFor(theme) {
  const directives = {
    'default-src': "'none'",
    'script-src': theme === undefined ? "'self'" : `'self' 'sha256-${digest('sha256', theme)}'`,
    'style-src': "'self'",
    'img-src': "'self' data:",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  };
  return Object.entries(directives)
    .map((directive) => directive.join(' '))
    .join('; ');
}

function write(built, files, policy, licenses) {
  const out = `${built}.${process.pid}`; // renamed when it is complete, because a daemon may read the page during the build
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'assets'), { recursive: true });
  const listed = files.map(({ path, type, cache, content }) => {
    const file = path === '' ? 'index.html' : path;
    writeFileSync(join(out, file), content);
    writeFileSync(join(out, `${file}.br`), brotli(content));
    writeFileSync(join(out, `${file}.gz`), gzipSync(content, { level: 9 }));
    return { path: `/${path}`, file, type, cache, etag: digest('sha256', content).slice(0, 22) };
  });
  writeFileSync(join(out, 'THIRD_PARTY_LICENSES'), licenses);
  writeFileSync(join(out, 'manifest.json'), JSON.stringify({ policy, files: listed }, null, 2));
  rmSync(built, { recursive: true, force: true });
  renameSync(out, built);
}

function brotli(content) {
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}

function digest(algorithm, content) {
  return createHash(algorithm).update(content).digest('base64');
}
