import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UserSession } from '../../../../daemon/contract/types.ts';
import { asProblem } from '../../../api/call.ts';
import { toast } from '../../../app/toast-list.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { leaveTeam } from '../../access/team-session.ts';
import { endAllSessions, endSession, useSessions } from '../../api/accounts.ts';
import { useMay } from '../../api/identity.ts';
import { Tokens } from './tokens.tsx';

/** The tokens and sessions of the person. */
export function AccountScreen(): JSX.Element {
  const mayCreate = useMay('tokens:create');
  const mayRevoke = useMay('tokens:revoke');
  return (
    <>
      <ScreenHead
        title="Tokens and sessions"
        subtitle="What gives access to your account. Revoke what you do not recognize."
      />
      <div class="sections">
        <Tokens mayCreate={mayCreate} mayRevoke={mayRevoke} />
        <Sessions />
      </div>
    </>
  );
}

function Sessions(): JSX.Element {
  const { data, problem, retry } = useSessions();
  const mayEnd = useMay('sessions:revoke');
  const [isEndingAll, setEndingAll] = useState(false);
  return (
    <section>
      <div class="section-head listed">
        <h2>Sessions</h2>
        {mayEnd && (
          <Button
            icon="exit"
            onClick={() => {
              setEndingAll(true);
            }}
          >
            Sign out everywhere
          </Button>
        )}
      </div>
      <Listing
        label="Sessions"
        columns={mayEnd ? [...COLUMNS, END] : COLUMNS}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ id }) => id}
        empty={null}
      />
      {isEndingAll && (
        <FormDialog
          title="Sign out everywhere?"
          action="Sign out everywhere"
          isDanger
          onSubmit={async () => {
            await endAllSessions();
            leaveTeam();
          }}
          onClose={() => {
            setEndingAll(false);
          }}
        >
          <p class="dialog-text">All your sessions end, including this one. Your tokens stay valid.</p>
        </FormDialog>
      )}
    </section>
  );
}

async function end(id: string): Promise<void> {
  try {
    await endSession(id);
    toast('Session ended');
  } catch (error) {
    toast(asProblem(error).detail, 'bad');
  }
}

const METHODS: Readonly<Record<UserSession['method'], string>> = {
  provider: 'Identity provider',
  link: 'Sign-in link',
  invitation: 'Invitation',
};

const COLUMNS: readonly Column<UserSession>[] = [
  {
    title: 'Signed in from',
    kind: 'main',
    cell: ({ address, isCurrent }) => (
      <span class="badges">
        <Name mono>{address ?? 'Unknown address'}</Name>
        {isCurrent && <Badge tone="good">This session</Badge>}
      </span>
    ),
  },
  { title: 'With', kind: 'wide', cell: ({ method }) => METHODS[method] },
  { title: 'Signed in', kind: 'time', cell: ({ dateCreated }) => <Time at={dateCreated} /> },
  { title: 'Last used', kind: 'wide', cell: ({ lastUsed }) => <Time at={lastUsed} /> },
  { title: 'Expires', kind: 'widest', cell: ({ expires }) => <Time at={expires} /> },
];

const END: Column<UserSession> = {
  title: 'Actions',
  kind: 'end',
  isTitleHidden: true,
  cell: ({ id, address, isCurrent }) =>
    isCurrent ? null : (
      <Menu
        label={`Actions for the session from ${address ?? 'an unknown address'}`}
        items={[
          {
            icon: 'exit',
            label: 'End session',
            isDanger: true,
            onSelect: () => void end(id),
          },
        ]}
      />
    ),
};
