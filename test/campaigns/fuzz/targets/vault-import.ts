import { Encrypter, armor, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { oneof } from 'fast-check';
import { importVault } from '../../../../daemon/vault/transfer/import.ts';
import { openModules } from '../engine.ts';
import { fromSchema } from '../from-schema.ts';
import { textOf, type Ground, type Target } from '../target.ts';
import { lines } from './lines.ts';

let identity: { readonly for: string; readonly key: string } | undefined;

/** Returns the age key of a campaign. */
async function keyOf({ needle }: Ground): Promise<string> {
  if (identity?.for !== needle) identity = { for: needle, key: await generateX25519Identity() };
  return identity.key;
}

async function encrypt(text: string, key: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(key));
  return armor.encode(await encrypter.encrypt(text));
}

const EXPORT = JSON.stringify({
  format: 'nf-escrow-export-1',
  exportedAt: '2026-01-05T10:00:00.000Z',
  scopes: [
    {
      kind: 'user',
      organization: '',
      name: '0',
      visibility: null,
      secrets: [{ name: 'BAR_KEY', valueBase64: 'YQ==' }],
    },
  ],
});

/** Exports to import: an armored age file, or its JSON content, which is encrypted first. */
export const vaultImport: Target = {
  name: 'age-export',
  share: 6,
  arbitrary: oneof(
    fromSchema('vault-export.json').map((value) => JSON.stringify(value) || 'null'),
    lines(
      '-----BEGIN AGE ENCRYPTED FILE-----\n',
      'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA',
      '-----END AGE ENCRYPTED FILE-----\n',
      'age-encryption.org/v1\n',
      '-> scrypt AAAA 63\n',
      '--- ',
    ),
  ),
  seeds: async (ground) => [
    Buffer.from(await encrypt(textOf(Buffer.from(EXPORT), ground.needle), await keyOf(ground))),
    Buffer.from(EXPORT),
  ],
  open: async (ground) => {
    const modules = await openModules(ground);
    const key = await keyOf(ground);
    return {
      run: async (input) => {
        const text = textOf(input, ground.needle);
        const file = text.startsWith('{') ? await encrypt(text, key) : text;
        return importVault(
          modules.ledger,
          modules.vault,
          modules.deps.user,
          file,
          { identities: [key] },
          'replace',
        );
      },
      check: modules.checkKept,
      close: modules.close,
    };
  },
};
