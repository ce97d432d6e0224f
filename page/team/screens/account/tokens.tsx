import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Token } from '../../../../daemon/contract/types.ts';
import { toast } from '../../../app/toast-list.ts';
import { Badge } from '../../../components/badge.tsx';
import { Button } from '../../../components/button.tsx';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Listing } from '../../../components/listing.tsx';
import { Menu } from '../../../components/menu.tsx';
import { Name } from '../../../components/name.tsx';
import { ShownOnce } from '../../../components/shown-once.tsx';
import { Empty } from '../../../components/states.tsx';
import type { Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { now } from '../../../format/times.ts';
import { revokeToken, useTokens } from '../../api/accounts.ts';
import { useGivenFields } from '../../app/use-given-fields.ts';
import { CreateToken } from './create-token.tsx';

interface TokensProps {
  /** ORGANIZATION/NAME; absent: the tokens of the person. */
  readonly serviceAccount?: string;
  readonly mayCreate: boolean;
  readonly mayRevoke: boolean;
}

/** The tokens of a person or of a service account. The text of a new one is shown once, and kept nowhere. */
export function Tokens({ serviceAccount, mayCreate, mayRevoke }: TokensProps): JSX.Element {
  const { data, problem, retry } = useTokens(serviceAccount);
  const [isCreating, setCreating] = useState(false);
  const [given, forgetGiven] = useGivenFields(['token', 'scopes', 'workspace', 'days', 'addresses']);
  const [text, setText] = useState<string>();
  const [revoked, setRevoked] = useState<Token>();
  return (
    <section>
      <div class="section-head listed">
        <h2>Tokens</h2>
        {mayCreate && (
          <Button
            icon="plus"
            onClick={() => {
              setCreating(true);
            }}
          >
            Create token
          </Button>
        )}
      </div>
      <Listing
        label="Tokens"
        columns={columnsOf(mayRevoke ? setRevoked : undefined)}
        rows={data}
        problem={problem}
        retry={retry}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="command" title="No tokens">
            Programs send a token instead of a session.
          </Empty>
        }
      />
      {(isCreating || (given !== undefined && mayCreate)) && (
        <CreateToken
          given={given}
          {...(serviceAccount === undefined ? {} : { serviceAccount })}
          onCreated={setText}
          onClose={() => {
            setCreating(false);
            forgetGiven();
          }}
        />
      )}
      {text !== undefined && (
        <ShownOnce
          title="Token created"
          text={text}
          warning="Copy the token now. Nobody can read it again. A person or program that has it can use the account."
          onClose={() => {
            setText(undefined);
          }}
        >
          <p class="dialog-text">
            Enter it in a terminal: <code>nf-escrow login {location.origin} --token-stdin</code>
          </p>
        </ShownOnce>
      )}
      {revoked !== undefined && (
        <RevokeToken
          token={revoked}
          onClose={() => {
            setRevoked(undefined);
          }}
        />
      )}
    </section>
  );
}

interface RevokeProps {
  readonly token: Token;
  readonly onClose: () => void;
}

function RevokeToken({ token: { id, name }, onClose }: RevokeProps): JSX.Element {
  return (
    <FormDialog
      title={`Revoke ${name}?`}
      action="Revoke token"
      isDanger
      onSubmit={async () => {
        await revokeToken(id);
        toast(`Revoked ${name}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'tokens', 'revoke', id)}
    >
      <p class="dialog-text">The server rejects all further requests with this token.</p>
    </FormDialog>
  );
}

function columnsOf(onRevoke: ((token: Token) => void) | undefined): readonly Column<Token>[] {
  return [
    {
      title: 'Name',
      kind: 'main',
      cell: ({ name, workspace }) => (
        <span class="stacked">
          <Name>{name}</Name>
          {workspace !== null && (
            <span class="quiet-text">
              {workspace === '' ? (
                'Its workspace was removed'
              ) : (
                <>
                  Only <Name>{workspace}</Name>
                </>
              )}
            </span>
          )}
        </span>
      ),
    },
    {
      title: 'Scopes',
      kind: 'state',
      cell: ({ scopes }) => (
        <span class="badges">
          {scopes.map((scope) => (
            <Badge key={scope}>{scope}</Badge>
          ))}
        </span>
      ),
    },
    {
      title: 'Last used',
      kind: 'wide',
      cell: ({ lastUsed, lastUsedFrom }) =>
        lastUsed === null ? (
          <span class="quiet-text">Never</span>
        ) : (
          <span class="stacked">
            <Time at={lastUsed} />
            {lastUsedFrom !== null && (
              <span class="quiet-text">
                <Name mono>{lastUsedFrom}</Name>
              </span>
            )}
          </span>
        ),
    },
    {
      title: 'Expires',
      kind: 'time',
      cell: ({ expires }) =>
        Date.parse(expires) <= now.value ? <Badge tone="warn">Expired</Badge> : <Time at={expires} />,
    },
    ...(onRevoke === undefined
      ? []
      : [
          {
            title: 'Actions',
            kind: 'end' as const,
            isTitleHidden: true,
            cell: (token: Token) => (
              <Menu
                label={`Actions for ${token.name}`}
                items={[
                  {
                    icon: 'trash',
                    label: 'Revoke',
                    isDanger: true,
                    onSelect: () => {
                      onRevoke(token);
                    },
                  },
                ]}
              />
            ),
          },
        ]),
  ];
}
