// The order of the modules (docs/architecture.md): each imports only from those before it. Type-only imports of a later
// module are allowed: they load nothing.
const modules = [
  'package-files',
  'error-table',
  'errors',
  'contract',
  'system',
  'config',
  'ledger',
  'access',
  'vault',
  'api-client',
  'releases',
  'sources',
  'compute-envs',
  'run-directory',
  'schedulers',
  'aws',
  'stores',
  'deliveries',
  'redaction',
  'nextflow',
  'runs',
  'launch',
  'webhooks',
  'service',
  'doctor',
  'api',
  'server',
  'cli',
  'daemon',
  'main',
];
const path = (names) => `^daemon/(${names.join('|')})(/|\\.ts$)`;
/** What is known of one service: a platform's stores, checks and commands. */
const oneService = ['^daemon/aws/', '^daemon/.+/aws/', '^daemon/stores/[^/]+/'];
const registries = [
  '^daemon/stores/registry\\.ts$',
  '^daemon/doctor/platform-checks\\.ts$',
  '^daemon/launch/prepare-for-platform\\.ts$',
  '^daemon/cli/program\\.ts$',
  '^daemon/server/vault-keys\\.ts$',
];
const notTypeOnly = { dependencyTypesNot: ['type-only'] };

module.exports = {
  forbidden: [
    ...modules.map((module, index) => ({
      name: `order-of-${module}`,
      severity: 'error',
      from: { path: path([module]) },
      to: { path: '^daemon/', pathNot: path(modules.slice(0, index + 1)), ...notTypeOnly },
    })),
    {
      name: 'only-main-imports-cli',
      severity: 'error',
      from: { path: '^daemon/(?!cli/|main\\.ts$)' },
      to: { path: '^daemon/cli/' },
    },
    {
      name: 'runs-know-stores-by-their-interface',
      severity: 'error',
      from: { path: '^daemon/runs/' },
      to: { path: '^daemon/stores/', pathNot: '^daemon/stores/(store|sweeper)\\.ts$' },
    },
    {
      name: 'one-service-is-known-behind-registries',
      severity: 'error',
      from: { pathNot: [...oneService, ...registries] },
      to: { path: oneService },
    },
    {
      // `nf-escrow run` asks which job it is in: what schedulers say of themselves loads nothing that runs commands.
      name: 'definitions-load-no-execa',
      severity: 'error',
      from: { path: '^daemon/schedulers/(registry|enclosing-job|environment)\\.ts$' },
      to: { path: 'node_modules/execa/', reachable: true },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^daemon/' },
      to: { circular: true, ...notTypeOnly },
    },
    {
      // The page runs in browsers. Besides types, it shares only rules that need nothing of Node.
      name: 'page-imports-contract-only',
      severity: 'error',
      from: { path: '^page/' },
      to: {
        pathNot: [
          '^page/',
          '^daemon/contract/(types|secret-name-rule|reserved-names|value-size)\\.ts$',
          '^daemon/system/processes/shell-word\\.ts$',
          '^node_modules/(preact|@preact)/',
        ],
      },
    },
    {
      name: 'no-cycles-in-page',
      severity: 'error',
      from: { path: '^page/' },
      to: { circular: true, ...notTypeOnly },
    },
    { name: 'no-page-in-daemon', severity: 'error', from: { path: '^daemon/' }, to: { path: '^page/' } },
    { name: 'no-tests-in-daemon', severity: 'error', from: { path: '^daemon/' }, to: { path: '^test/' } },
    {
      name: 'no-unknown',
      severity: 'error',
      from: { path: '^(daemon|page)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
