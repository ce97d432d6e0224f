import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Invitation } from '../../../../daemon/contract/types.ts';
import { toast } from '../../../app/toast-list.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { useInvitations, withdrawInvitation } from '../../api/accounts.ts';
import { useMay } from '../../api/identity.ts';
import { useGivenFields } from '../../app/use-given-fields.ts';
import { InviteDialog } from './invite-dialog.tsx';

/** The open invitations to the server. */
export function Invitations(): JSX.Element {
  const { data, problem, retry } = useInvitations();
  const mayInvite = useMay('invitations:create');
  const mayWithdraw = useMay('invitations:revoke');
  const [isInviting, setInviting] = useState(false);
  const [given, forgetGiven] = useGivenFields([
    ...(['email', 'user', 'organization', 'role', 'administrator', 'days'] as const),
  ]);
  const [withdrawn, setWithdrawn] = useState<Invitation>();
  return (
    <>
      <ScreenHead
        title="Invitations"
        subtitle="Invitations that nobody has accepted yet. Each link works once."
        actions={
          mayInvite && (
            <Button
              kind="primary"
              icon="plus"
              onClick={() => {
                setInviting(true);
              }}
            >
              Invite
            </Button>
          )
        }
      />
      <Listing
        label="Invitations"
        columns={columnsOf(mayWithdraw ? setWithdrawn : undefined)}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="bell" title="No open invitations">
            Invite a person with their mail address, and send them the link.
          </Empty>
        }
      />
      {(isInviting || (given !== undefined && mayInvite)) && (
        <InviteDialog
          given={given}
          onClose={() => {
            setInviting(false);
            forgetGiven();
          }}
        />
      )}
      {withdrawn !== undefined && (
        <FormDialog
          title={`Withdraw the invitation of ${withdrawn.email}?`}
          action="Withdraw invitation"
          isDanger
          onSubmit={async () => {
            await withdrawInvitation(withdrawn.id);
            toast('Invitation withdrawn');
          }}
          onClose={() => {
            setWithdrawn(undefined);
          }}
          command={commandLine('nf-escrow', 'users', 'uninvite', withdrawn.id)}
        >
          <p class="dialog-text">Its link no longer works.</p>
        </FormDialog>
      )}
    </>
  );
}

function columnsOf(onWithdraw: ((one: Invitation) => void) | undefined): readonly Column<Invitation>[] {
  return [
    {
      title: 'Address',
      kind: 'main',
      cell: ({ email, administrator }) => (
        <span class="badges">
          <Name>{email}</Name>
          {administrator && <Badge tone="accent">Administrator</Badge>}
        </span>
      ),
    },
    {
      title: 'Organization',
      kind: 'place',
      cell: ({ organization, role }) =>
        organization === null ? '–' : <Name>{`${organization} (${role ?? ''})`}</Name>,
    },
    { title: 'Invited by', kind: 'wide', cell: ({ invitedBy }) => <Name>{invitedBy}</Name> },
    { title: 'Expires', kind: 'time', cell: ({ expires }) => <Time at={expires} /> },
    ...(onWithdraw === undefined
      ? []
      : [
          {
            title: 'Actions',
            kind: 'end' as const,
            isTitleHidden: true,
            cell: (one: Invitation) => (
              <Menu
                label={`Actions for ${one.email}`}
                items={[
                  {
                    icon: 'trash',
                    label: 'Withdraw',
                    isDanger: true,
                    onSelect: () => {
                      onWithdraw(one);
                    },
                  },
                ]}
              />
            ),
          },
        ]),
  ];
}
