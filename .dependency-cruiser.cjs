// The order of the rooms (design.md, "The house"): each imports from those before it only.
const rooms = [
  'errors',
  'contract',
  'config',
  'host',
  'client',
  'ledger',
  'access',
  'vault',
  'compute-envs',
  'guard',
  'schedulers',
  'aws',
  'stores',
  'nextflow',
  'runs',
  'doctor',
  'api',
  'cli',
  'dashboard',
  'serve',
  'main',
];
const path = (names) => `^daemon/(${names.join('|')})(/|\\.ts$)`;

module.exports = {
  forbidden: [
    ...rooms.map((room, index) => ({
      name: `order-of-${room}`,
      severity: 'error',
      from: { path: path([room]) },
      to: { path: '^daemon/', pathNot: path(rooms.slice(0, index + 1)) },
    })),
    {
      name: 'cli-is-a-leaf',
      severity: 'error',
      from: { path: '^daemon/cli/' },
      to: { path: '^daemon/', pathNot: path(['errors', 'contract', 'config', 'client', 'cli']) },
    },
    {
      name: 'dashboard-is-a-leaf',
      severity: 'error',
      from: { path: '^daemon/dashboard/' },
      to: { path: '^daemon/', pathNot: path(['contract', 'dashboard']) },
    },
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
      to: { path: '^daemon/stores/', pathNot: '^daemon/stores/store\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^daemon/' }, to: { circular: true } },
    { name: 'no-tests-in-daemon', severity: 'error', from: { path: '^daemon/' }, to: { path: '^test/' } },
    { name: 'no-unknown', severity: 'error', from: { path: '^daemon/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
