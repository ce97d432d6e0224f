import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { Member, OrganizationMember } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { workspacePath } from '../secrets/scope.ts';

interface RoleOption {
  readonly role: string;
}

export function addMembers(program: Command, context: Context): void {
  const members = program
    .command('members')
    .description('Manage members of workspaces and organizations of a team server')
    .addHelpText('after', '\nExample: nf-escrow members add lab/rna ada --role launch');
  members
    .command('add')
    .argument('<ORG[/NAME]>')
    .argument('<USER>')
    .requiredOption(
      '--role <ROLE>',
      'owner, admin, maintain, launch or view; for an organization: owner, admin or member',
    )
    .description('Add a member')
    .addHelpText('after', '\nExample: nf-escrow members add lab/rna service-account:ci --role launch')
    .action(async (title: string, user: string, { role }: RoleOption) => {
      await (await context.daemon()).call('POST', membersPath(title), { user, role });
      print(`Added ${user} to ${title} with the role ${role}.`);
    });
  members
    .command('list')
    .alias('ls')
    .argument('<ORG[/NAME]>')
    .description('List the members')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow members list lab/rna')
    .action(async (title: string, options: { readonly json?: boolean }) => {
      const daemon = await context.daemon();
      const found = await readAll<Member | OrganizationMember>(daemon, membersPath(title), 'members');
      if (options.json === true) {
        printJson({ members: found });
        return;
      }
      const rows = found.map((one) => [one.user, one.role, 'source' in one ? one.source : 'organization']);
      await printTable(['MEMBER', 'ROLE', 'FROM'], rows);
    });
  members
    .command('update')
    .argument('<ORG[/NAME]>')
    .argument('<USER>')
    .requiredOption(
      '--role <ROLE>',
      'new role: owner, admin, maintain, launch or view; for an organization: owner, admin or member',
    )
    .description('Change the role of a member')
    .addHelpText('after', '\nExample: nf-escrow members update lab/rna ada --role maintain')
    .action(async (title: string, user: string, { role }: RoleOption) => {
      await (await context.daemon()).call('PATCH', memberPath(title, user), { role });
      print(`${user} has the role ${role} in ${title}.`);
    });
  members
    .command('remove')
    .aliases(['rm', 'delete'])
    .argument('<ORG[/NAME]>')
    .argument('<USER>')
    .description('Remove a member')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow members remove lab/rna ada')
    .action(async (title: string, user: string, options: { readonly yes?: boolean }) => {
      await confirm(`Remove ${user} from ${title}?`, options.yes);
      await (await context.daemon()).call('DELETE', memberPath(title, user));
      print(`Removed ${user} from ${title}.`);
    });
}

function membersPath(title: string): string {
  const place = title.includes('/') ? workspacePath(title) : `/v1/organizations/${encodeURIComponent(title)}`;
  return `${place}/members`;
}

function memberPath(title: string, user: string): string {
  return `${membersPath(title)}/${encodeURIComponent(user)}`;
}
