import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CreatedSignInLink, User } from '../../../../daemon/contract/types.ts';
import { asProblem } from '../../../api/call.ts';
import { place, setQuery } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { Badge } from '../../../components/badge.tsx';
import { Search } from '../../../components/field.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu, type MenuItem } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { ShownOnce } from '../../../components/shown-once.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { count } from '../../../format/counts.ts';
import { session } from '../../access/team-session.ts';
import { createSignInLink, endSessionsOf, setSuspended, useUsers } from '../../api/accounts.ts';
import { useMay } from '../../api/identity.ts';
import { useGivenFields } from '../../app/use-given-fields.ts';

/** A question before an action on a user. */
interface Question {
  readonly user: User;
  readonly kind: 'suspend' | 'resume' | 'sign-out';
}

/** The users of the server. */
export function Users(): JSX.Element {
  const { data, problem, retry } = useUsers();
  const mayLink = useMay('sign_in_links:create');
  const mayWrite = useMay('users:write');
  const [question, setQuestion] = useState<Question>();
  const [link, setLink] = useState<CreatedSignInLink>();
  const [given, forgetGiven] = useGivenFields(['sign-in-link']);
  const search = (place.value.query.get('search') ?? '').toLowerCase();
  const found = data?.filter(({ name, email }) => `${name} ${email ?? ''}`.toLowerCase().includes(search));
  const actionsFor = (user: User): MenuItem[] => [
    ...(mayLink && user.state === 'active'
      ? [
          {
            icon: 'key' as const,
            label: 'Create sign-in link',
            onSelect: () => void createLink(user, setLink),
          },
        ]
      : []),
    ...(mayWrite ? changesOf(user, setQuestion) : []),
  ];
  return (
    <>
      <ScreenHead
        title="Users"
        subtitle="People with an account on this server. Organizations decide what they may do."
      />
      <div class="toolbar">
        <span class="quiet-text" role="status">
          {found === undefined ? '' : count(found.length, 'user')}
        </span>
        <Search
          label="Search users"
          value={place.value.query.get('search') ?? ''}
          onInput={(text) => {
            setQuery({ search: text });
          }}
        />
      </div>
      <Listing
        label="Users"
        columns={columnsOf(mayLink || mayWrite ? actionsFor : undefined)}
        rows={found}
        problem={problem}
        retry={retry}
        keyOf={({ name }) => name}
        empty={<Empty icon="search" title="No user matches the search" />}
      />
      {question !== undefined && (
        <Ask
          {...question}
          onClose={() => {
            setQuestion(undefined);
          }}
        />
      )}
      {given !== undefined && mayLink && (
        <FormDialog
          title={`Create a sign-in link of ${given['sign-in-link'] ?? ''}?`}
          action="Create sign-in link"
          onSubmit={async () => {
            setLink(await createSignInLink({ name: given['sign-in-link'] ?? '' }));
          }}
          onClose={forgetGiven}
        >
          <p class="dialog-text">Earlier sign-in links of the user become invalid.</p>
        </FormDialog>
      )}
      {link !== undefined && (
        <ShownOnce
          title={`Sign-in link of ${link.user}`}
          text={link.link}
          warning={`A person who opens this link signs in as ${link.user}. It works once and expires in 15 minutes. Earlier links are void.`}
          onClose={() => {
            setLink(undefined);
          }}
        />
      )}
    </>
  );
}

async function createLink(user: User, onCreated: (link: CreatedSignInLink) => void): Promise<void> {
  try {
    onCreated(await createSignInLink(user));
  } catch (error) {
    toast(asProblem(error).detail, 'bad');
  }
}

/** Administrators cannot suspend themselves. */
function changesOf(user: User, onAsk: (question: Question) => void): MenuItem[] {
  const isSelf = user.name === session.value?.user;
  const ask = (kind: Question['kind']) => () => {
    onAsk({ user, kind });
  };
  return [
    { icon: 'exit', label: 'End all sessions', onSelect: ask('sign-out') },
    ...(user.state === 'suspended'
      ? [{ icon: 'run' as const, label: 'Resume', onSelect: ask('resume') }]
      : isSelf
        ? []
        : [{ icon: 'stop' as const, label: 'Suspend', isDanger: true, onSelect: ask('suspend') }]),
  ];
}

const QUESTIONS = {
  suspend: {
    action: 'Suspend',
    text: 'The server rejects all requests of the user from now on. Sessions end. Roles and tokens remain for later.',
    isDanger: true,
    act: (user: User) => setSuspended(user, true),
  },
  resume: {
    action: 'Resume',
    text: 'The user can sign in again, and tokens are valid again.',
    isDanger: false,
    act: (user: User) => setSuspended(user, false),
  },
  'sign-out': {
    action: 'End all sessions',
    text: 'The user can sign in again. Tokens stay valid.',
    isDanger: true,
    act: endSessionsOf,
  },
} as const;

function Ask({ user, kind, onClose }: Question & { readonly onClose: () => void }): JSX.Element {
  const { action, text, isDanger, act } = QUESTIONS[kind];
  return (
    <FormDialog
      title={`${action}: ${user.name}`}
      action={action}
      isDanger={isDanger}
      onSubmit={async () => {
        await act(user);
        toast(`${action}: ${user.name}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'users', kind, user.name)}
    >
      <p class="dialog-text">{text}</p>
    </FormDialog>
  );
}

function columnsOf(actionsFor: ((user: User) => MenuItem[]) | undefined): readonly Column<User>[] {
  return [
    {
      title: 'User',
      kind: 'main',
      cell: ({ name, email }) => (
        <span class="stacked">
          <Name>{name}</Name>
          {email !== null && (
            <span class="quiet-text">
              <Name>{email}</Name>
            </span>
          )}
        </span>
      ),
    },
    {
      title: 'State',
      kind: 'state',
      cell: ({ state, administrator }) => (
        <span class="badges">
          {state === 'suspended' ? <Badge tone="warn">Suspended</Badge> : <Badge tone="good">Active</Badge>}
          {administrator && <Badge tone="accent">Administrator</Badge>}
        </span>
      ),
    },
    { title: 'Created', kind: 'wide', cell: ({ dateCreated }) => <Time at={dateCreated} /> },
    ...(actionsFor === undefined
      ? []
      : [
          {
            title: 'Actions',
            kind: 'end' as const,
            isTitleHidden: true,
            cell: (user: User) => <Menu label={`Actions for ${user.name}`} items={actionsFor(user)} />,
          },
        ]),
  ];
}
