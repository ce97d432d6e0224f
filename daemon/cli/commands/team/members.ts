import type { Command } from 'commander';
import type { Client } from '../../../api-client/client.ts';
import { readAll } from '../../../api-client/read-all.ts';
import type { Member, OrganizationMember } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { findOrganizationPlace, findWorkspacePlace } from '../../places.ts';

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
    .action(async (wanted: string, user: string, { role }: RoleOption) => {
      const { client, members, title } = await findMembers(context, wanted);
      await client.call('POST', members, { user, role });
      print(`Added ${user} to ${title} with the role ${role}.`);
    });
  members
    .command('list')
    .alias('ls')
    .argument('<ORG[/NAME]>')
    .description('List the members')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow members list lab/rna')
    .action(async (wanted: string, options: { readonly json?: boolean }) => {
      const place = await findMembers(context, wanted);
      const found = await readAll<Member | OrganizationMember>(place.client, place.members, 'members');
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
    .action(async (wanted: string, user: string, { role }: RoleOption) => {
      const { client, members, title } = await findMembers(context, wanted);
      await client.call('PATCH', `${members}/${encodeURIComponent(user)}`, { role });
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
    .action(async (wanted: string, user: string, options: { readonly yes?: boolean }) => {
      const { client, members, title } = await findMembers(context, wanted);
      await confirm(`Remove ${user} from ${title}?`, options.yes);
      await client.call('DELETE', `${members}/${encodeURIComponent(user)}`);
      print(`Removed ${user} from ${title}.`);
    });
}

/** Finds the members of a workspace or of an organization. */
async function findMembers(
  context: Context,
  wanted: string,
): Promise<{ readonly client: Client; readonly members: string; readonly title: string }> {
  const find = wanted.includes('/') ? findWorkspacePlace : findOrganizationPlace;
  const { client, path, title } = await find(context, wanted);
  return { client, members: `${path}/members`, title };
}
