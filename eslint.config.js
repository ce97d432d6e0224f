import tseslint from 'typescript-eslint';

const sdkNames = {
  selector: 'ImportExpression > Literal[value=/^@(aws-sdk|smithy)/]',
  message: 'Node 20 may import it without its names, permanently: take it from daemon/aws/session/sdk.ts.',
};

/** What is printed past daemon/cli/io/output.ts is not escaped, and names from outside could steer the terminal. */
const message = 'Print by daemon/cli/io/output.ts, which escapes what could steer a terminal.';
const ownStreams = [
  'MemberExpression[object.name="process"][property.name=/^std(out|err)$/]',
  'MemberExpression[object.name="process"][property.value=/^std(out|err)$/]',
  'VariableDeclarator[init.name="process"] Property[key.name=/^std(out|err)$/]',
  'CallExpression[callee.name=/^(write|writev|writeFile|appendFile)(Sync)?$/][arguments.0.value=1]',
  'CallExpression[callee.name=/^(write|writev|writeFile|appendFile)(Sync)?$/][arguments.0.value=2]',
  'Literal[value=/^\\/dev\\/(std(out|err)|tty|fd\\/[12])$/]',
].map((selector) => ({ selector, message }));

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'scripts/',
      'test/support/bin/',
      '*.js',
      '*.cjs',
      'daemon/contract/types.ts',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A dropped promise here is a lost purge.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/require-await': 'off', // a method of an asynchronous interface may have nothing to wait for
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // Client.call: the caller names the schema of the answer
    },
  },
  {
    files: ['daemon/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        ...['node:process', 'process', 'node:console', 'console'].map((name) => ({ name, message })),
      ],
      'no-restricted-syntax': ['error', sdkNames, ...ownStreams],
    },
  },
  {
    files: ['daemon/cli/io/output.ts', 'daemon/cli/io/confirm.ts', 'daemon/cli/io/passphrase.ts'],
    rules: { 'no-restricted-syntax': ['error', sdkNames] },
  },
);
