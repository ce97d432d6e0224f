import { constantFrom, oneof, string, stringMatching } from 'fast-check';
import { assertSecretName, isSecretName } from '../../../../daemon/contract/secret-name.ts';
import { validate } from '../../../../daemon/contract/validate.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { hold, textOf, type Target } from '../target.ts';

/** Implements Nextflow's rule for names of secrets independently, character by character. */
function isName(text: string): boolean {
  const letters = text.split('');
  const fits = letters.every(
    (one) =>
      (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9') || one === '_',
  );
  const first = letters[0] ?? '';
  return (
    fits && text.length >= 2 && text.length <= 50 && !(first >= '0' && first <= '9') && !text.includes('__')
  );
}

const BODIES = [
  ['organization-input.json', (name: string) => ({ name })],
  ['workspace-input.json', (name: string) => ({ organization: 'local', name })],
  ['compute-environment-input.json', (name: string) => ({ name, platform: 'hpc' })],
] as const;

/** Names of secrets, workspaces and compute environments. */
export const names: Target = {
  name: 'names',
  share: 120,
  arbitrary: oneof(
    string({ unit: 'binary', maxLength: 80 }),
    stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,60}$/),
    stringMatching(/^[a-z0-9-]{1,70}$/),
    constantFrom('_'.repeat(60), 'A_'.repeat(25), 'a', '', '\n', 'FOO_KEY\n'),
  ),
  open: ({ needle }) => ({
    run: (input) => {
      const text = textOf(input, needle);
      hold(isSecretName(text) === isName(text), 'a name is valid if and only if Nextflow accepts it');
      for (const [file, body] of BODIES)
        try {
          const { name } = validate(file, body(text)) as { name: string };
          hold(
            /^[a-z0-9][a-z0-9_-]{0,62}$/.test(name) && !name.includes('\n'),
            `${file} accepts only valid names`,
          );
        } catch (error) {
          if (!(error instanceof EscrowError)) throw error;
        }
      assertSecretName(text);
    },
  }),
};
