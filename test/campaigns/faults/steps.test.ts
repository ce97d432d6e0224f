// Verifies with the TypeScript compiler that the engine makes every external call within a step, so that a new call
// outside a step fails this test.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { serverSteps, steps } from '../../../daemon/system/steps.ts';
import { root } from '../../support/sandbox.ts';

/** The sources of the engine: of the daemon, and of what a team server does for its runs. */
const FILES = ['releases', 'run-directory', 'runs', 'stores', 'deliveries'].flatMap((module) =>
  readdirSync(join(root, 'daemon', module), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && `${module}/${name}` !== 'deliveries/claims.ts')
    .map((name) => join(root, 'daemon', module, name)),
);
for (const file of [
  'system/files/remove-tree.ts',
  'sources/server-source.ts',
  'sources/request-delivery.ts',
  'sources/held-deliveries.ts',
])
  FILES.push(join(root, 'daemon', file));

/** Further sources of a team server that have steps. */
const OF_SERVER = [
  'api/routing/mount.ts',
  'server/maintain-hourly.ts',
  'server/rekey.ts',
  'vault/keys/rekey.ts',
].map((file) => join(root, 'daemon', file));

/**
 * Declarations of external functions: every function that is declared in one of these files counts as an external call
 * unless HARMLESS lists it. A new function therefore fails the test, and so does one of a new module. Modules of the
 * engine are checked themselves, and the others that are excepted make no external calls.
 */
const OUTSIDE =
  /@types\/node\/(child_process|dgram|fs|fs\/promises|http|https|net|web-globals\/fetch)\.d\.ts$|node_modules\/(?!@types\/|typescript\/|pino\/)|daemon\/(?!access\/|contract\/|deliveries\/|redaction\/|releases\/|run-directory\/|runs\/|stores\/|errors\.ts$|package-files\.ts$)|daemon\/(stores\/store|deliveries\/claims)\.ts$/;

/** Functions of these files that only read, or that work in memory. */
const HARMLESS: readonly RegExp[] = [
  // steps, and the mutex
  /^(step|run)$/,
  // measurements, for subscribers in this process
  /^measure$/,
  // directories that all runs share, and access to directories of the user
  /^(ensurePrivateDirectory|openPrivateDirectory|restoreAccessTo|restoreOwnerAccess)$/,
  // reading files
  /^(closeSync|existsSync|fstatSync|lstatSync|statSync|statfsSync|openSync|opendirSync|readSync|closeSync|readdirSync|readlinkSync|readFileSync|isDirectory|isFile|isSymbolicLink|close|on|watch)$/,
  // descriptors and their entries
  /^(openDirectory|look|lookAt|entry|at|isSame|entriesOf|next)$/,
  // building queries, and executing those that read
  /^(and|as|clearSelect|columns|countAll|count|deleteFrom|distinct|doNothing|doUpdateSet|exists|fragmentsOf|groupBy|hasWords|innerJoin|leftJoin|insertInto|limit|min|offset|onConflict|onRef|or|order|orderBy|returning|select|selectAll|selectFrom|set|union|updateTable|values|where|whereRef|ref)$/,
  // building the SDK's commands
  /^(destroy|[A-Z][A-Za-z]*Command)$/,
  // sessions and clients of AWS; functions that call a callback, which is checked itself
  /^(decodeLocator|accessOf|encodeLocator|asAwsError|classifyFailure|batch|eventScheduler|secretsManager|sdk|asTag|tagsOf|withClient|retryIdempotent|now|monotonic|retryRequest|repeatRequest|poll|sleep|Backoff|reset|UnansweredRequests|forget|note|until|waiting|#assertTakesSecrets|cacheQueueChecks|provideCredentials|openSession|configuredEndpoint|creationToken)$/,
  // escaping and checking texts
  /^(asComputeEnvironment|chosenRunName|titleOf|describePlace|describeSystemError|escapeText|gridExecutor|isOwnId)$/,
  // reading the state of processes and files
  /^(findFifoHolders|programHolding|stat)$/,
  /^(assertPrivateDirectory|bootId|fifoState|fileSystemType|homeDirectory|identifySelf|isDiskError|isMissing|liveness|readFileNoFollow|Tail|read|whenReleased)$/,
  // reading Nextflow's files and configuration
  /^(readEvent|taskFiles|readLocalStore|localStoreNames|findLog|locateLog|examine|findRunFiles|readLogLine|configOverlay|readTaskJobEvent|pathsNamed|isNewer|skipToLast)$/,
  // querying schedulers and Batch
  /^(describeEnd|detectExecutor|find|living|findByName|settled|status)$/,
  // the send time of a request, which has its own step; sending is in a step; the body of a response
  /^(noteSent|#note|sendAt|text|json)$/,
  // encrypting in memory
  /^(addIdentity|addRecipient|decrypt|encrypt|generateX25519Identity|identityToRecipient|whyUnfit)$/,
  // reading from a team server
  /^(connectServer|connectStored|environment|findRemoteWorkspace|qualifiedTitle|readAll|readOne|splitTitle)$/,
  // building queries
  /^(ledgerTime|contains)$/,
  // reading the ledger, and decrypting values
  /^(findComputeEnvironment|listComputeEnvironments|open|openAll|readEventData|resolveSecrets|versions)$/,
  // rendering policies
  /^renderDocuments$/,
  // querying stores
  /^(carriesAnyValue|findUndeliverable|split|list|inspectOnce|switchFor|prepare|useCredentials|runDirectoryFiles|heldLocator|isJobId|leaseOf|locate|batchJobs|sweepAws|usesInBatch|assertValid|listServerEnvironments|configuration)$/,
];

interface Found {
  readonly where: string;
  readonly covered: boolean;
}

function calls(program: ts.Program, paths: readonly string[]): Found[] {
  const checker = program.getTypeChecker();
  const files = program.getSourceFiles().filter(({ fileName }) => paths.includes(fileName));
  const uses = usesOf(files);
  const found: Found[] = [];
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isOutward(node, checker, paths) && !isDefinition(node, file))
        found.push({
          where: `${file.fileName.slice(root.length + 1)}:${String(lineOf(node, file))} ${calledName(node)}`,
          covered: isCovered(node, file, uses, new Set()),
        });
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

function isOutward(call: ts.CallExpression, checker: ts.TypeChecker, inside: readonly string[]): boolean {
  const declared = checker.getResolvedSignature(call)?.declaration?.getSourceFile().fileName;
  if (declared === undefined || !OUTSIDE.test(declared)) return false;
  const name = calledName(call);
  if (name.startsWith('execute') && /kysely.*select-query-builder/.test(declared)) return false;
  if (inside.includes(declared) && !declared.endsWith('/stores/store.ts')) return false;
  // A store releases descriptors of this process. A server releases values.
  if (name === 'release' && declared.endsWith('/stores/store.ts')) return false;
  return !HARMLESS.some((names) => names.test(name));
}

/** Returns the last name of a call: `delete` in `this.#client.delete(...)`. */
function calledName({ expression }: ts.CallExpression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

/** Returns whether a call is in the last argument of `step` or `write`, or in a function that is only called there. */
function isCovered(node: ts.Node, file: ts.SourceFile, uses: Uses, seen: Set<string>): boolean {
  for (let up: ts.Node = node; !ts.isSourceFile(up); up = up.parent) {
    const { parent } = up;
    if (ts.isCallExpression(parent) && parent.arguments.includes(up as ts.Expression)) {
      const callee = parent.expression.getText(file);
      if ((callee === 'step' || callee === 'write') && parent.arguments.at(-1) === up) return true;
    }
    const name = nameOf(parent);
    if (name !== undefined) {
      if (seen.has(name)) return true;
      seen.add(name);
      const all = uses.get(name) ?? [];
      return all.length > 0 && all.every((use) => isCovered(use.node, use.file, uses, seen));
    }
  }
  return false;
}

type Uses = ReadonlyMap<string, readonly { node: ts.Node; file: ts.SourceFile }[]>;

function usesOf(files: readonly ts.SourceFile[]): Uses {
  const uses = new Map<string, { node: ts.Node; file: ts.SourceFile }[]>();
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const name = node.expression.getText(file).split('.').at(-1) ?? '';
        uses.set(name, [...(uses.get(name) ?? []), { node, file }]);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return uses;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.name?.getText();
  return undefined;
}

/** Returns whether a call is the implementation of `write` itself. */
function isDefinition(node: ts.Node, file: ts.SourceFile): boolean {
  return file.fileName.endsWith('runs/dependencies.ts') && node.getText(file).startsWith('deps.ledger.write');
}

function lineOf(node: ts.Node, file: ts.SourceFile): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Compiles the sources of the engine, and additional sources by path. */
function programOf(more: Readonly<Record<string, string>> = {}): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const others = ts.createCompilerHost(options);
  host.fileExists = (path) => path in more || others.fileExists(path);
  host.getSourceFile = (path, language) => {
    const text = more[path];
    return text === undefined
      ? others.getSourceFile(path, language)
      : ts.createSourceFile(path, text, language, true);
  };
  return ts.createProgram([...FILES, ...Object.keys(more)], options, host);
}

void t.test('the engine makes every external call within a step', async (t) => {
  const found = calls(programOf(), FILES);
  t.ok(found.length > 60, `${String(found.length)} external calls`);
  t.same(
    found.filter(({ covered }) => !covered).map(({ where }) => where),
    [],
  );
});

void t.test('detects external calls outside a step, including unknown functions', async (t) => {
  const path = join(root, 'daemon/runs/x.ts');
  const text = `
    import { execFileSync } from 'node:child_process';
    import { cpSync, renameSync, rmSync, unlinkSync } from 'node:fs';
    import { step, type Faults } from '../system/steps.ts';
    import type { Queries } from '../ledger/ledger.ts';
    declare const faults: Faults;
    async function helper() { renameSync('a', 'b'); }
    async function other() { await helper(); await step(faults, 'fence.revoke', () => unlinkSync('a')); }
    async function third() { await step(faults, 'fence.revoke', () => fourth()); }
    function fourth() { rmSync('a'); }
    function fifth(db: Queries) { cpSync('a', 'b'); execFileSync('a'); return db.deleteFrom('runs').execute(); }
    function sixth(db: Queries) { return db.selectFrom('runs').select('id').execute(); }`;
  t.same(
    calls(programOf({ [path]: text }), [path]).map(({ where, covered }) => [where.split(' ')[1], covered]),
    [
      ['renameSync', false],
      ['unlinkSync', true],
      ['rmSync', true],
      ['cpSync', false],
      ['execFileSync', false],
      ['execute', false],
    ],
  );
});

void t.test('the engine uses every step', async (t) => {
  const text = [...FILES, ...OF_SERVER].map((path) => readFileSync(path, 'utf8')).join('\n');
  t.comment(steps.join(', '));
  t.same(
    [...steps, ...serverSteps].filter((name) => !text.includes(`'${name}'`)),
    [],
  );
});
