import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: ['dist/', 'node_modules/', 'scripts/', 'test/support/bin/', '*.js', '*.cjs', 'daemon/contract/types.ts'],
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
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression > Literal[value=/^@(aws-sdk|smithy)/]',
          message: 'Node 20 may import it without its names, for good: take it from daemon/aws/session/sdk.ts.',
        },
      ],
    },
  },
);
