import tseslint from 'typescript-eslint';

const sdkNames = {
  selector: 'ImportExpression > Literal[value=/^@(aws-sdk|smithy)/]',
  message:
    'A dynamic import of the SDK can lose its export names in Node 20. Import it from daemon/aws/session/sdk.ts.',
};

/** Only daemon/cli/io/output.ts escapes output. Unescaped names from outside could control the terminal. */
const message = 'Print with daemon/cli/io/output.ts, which escapes control characters.';
const ownStreams = [
  'MemberExpression[object.name="process"][property.name=/^std(out|err)$/]',
  'MemberExpression[object.name="process"][property.value=/^std(out|err)$/]',
  'VariableDeclarator[init.name="process"] Property[key.name=/^std(out|err)$/]',
  'CallExpression[callee.name=/^(write|writev|writeFile|appendFile)(Sync)?$/][arguments.0.value=1]',
  'CallExpression[callee.name=/^(write|writev|writeFile|appendFile)(Sync)?$/][arguments.0.value=2]',
  'Literal[value=/^\\/dev\\/(std(out|err)|tty|fd\\/[12])$/]',
].map((selector) => ({ selector, message }));

const outputModules = ['node:process', 'process', 'node:console', 'console'].map((name) => ({
  name,
  message,
}));

/** A time that is long enough on one machine is too short on another. Pauses between looks, in a loop, are fine. */
const fixedSleeps = [
  'AwaitExpression > CallExpression[callee.name=/^(sleep|delay|setTimeout)$/][arguments.0.value>=50]:not(:matches(WhileStatement, DoWhileStatement, ForStatement) CallExpression)',
  'AwaitExpression > NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"][arguments.1.value>=50]',
  'CallExpression[callee.property.name="waitForTimeout"]',
  // A script of a shell that waits, and then does something, without a loop that looks.
  'Literal[value=/(^|[;&|] *)sleep [0-9.]+;(?! *(fi|done))/]',
  'Literal[value=/^sleep [0-9]([.][0-9]+)?$/]',
  'TemplateElement[value.raw=/(^|[;&|] *)sleep [0-9.]+;(?! *(fi|done))/]',
].map((selector) => ({ selector, message: 'Wait for a condition with `until` of test/support/sandbox.ts.' }));

/** Each start of a run would pay for loading execa here: docs/dependencies.md, "Start cost". */
const fastStarts = [
  'daemon/launch/run-detached.ts',
  'daemon/cli/launch/run-in-foreground.ts',
  'daemon/cli/launch/run-program.ts',
  'daemon/service/start-daemon.ts',
  'daemon/system/files/trust/system-program.ts',
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'scripts/',
      'test/support/bin/',
      '*.js',
      '*.cjs',
      'page/theme.js',
      'daemon/contract/types.ts',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './page/tsconfig.json'] } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A floating promise could be a lost purge.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/require-await': 'off', // an implementation of an asynchronous interface may have nothing to await
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // Client.call: the caller names the type of the response
    },
  },
  {
    files: ['daemon/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        ...outputModules,
        {
          name: 'node:child_process',
          importNames: ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'],
          message: 'Use execa. docs/dependencies.md lists the files that do not load it.',
        },
      ],
      'no-restricted-syntax': ['error', sdkNames, ...ownStreams],
    },
  },
  { files: ['test/**'], rules: { 'no-restricted-syntax': ['error', ...fixedSleeps] } },
  { files: fastStarts, rules: { 'no-restricted-imports': ['error', ...outputModules] } },
  {
    files: ['daemon/cli/io/output.ts', 'daemon/cli/io/confirm.ts', 'daemon/cli/io/passphrase.ts'],
    rules: { 'no-restricted-syntax': ['error', sdkNames] },
  },
);
