import type { Command } from 'commander';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import { count } from '../../../system/count.ts';
import { confirm } from '../../io/confirm.ts';
import { print } from '../../io/output.ts';
import { addServerOptions, settingsOf } from './server-options.ts';

interface RestoreOptions extends ServerOptions {
  readonly yes?: boolean;
}

export function addServeRestore(serve: Command): void {
  addServerOptions(serve.command('restore'))
    .option('--yes', 'skip the confirmation prompt')
    .description('Revoke all tokens and raise version numbers after a restore from a backup')
    .addHelpText('after', '\nExample: nf-escrow serve restore --config /etc/nf-escrow/server.yaml')
    .action(async (_own: object, command: Command) => {
      const { yes, ...options } = command.optsWithGlobals<RestoreOptions>();
      const settings = await settingsOf(options);
      await confirm('Stop all servers that use this ledger first. Revoke all tokens?', yes);
      const { restoreServer } = await import('../../../server/restore.ts');
      const { revokedTokens } = await restoreServer(settings);
      print(
        `Revoked ${count(revokedTokens, 'token')}. Create new ones: nf-escrow serve token create NAME --user USER`,
      );
    });
}
