import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ServiceAccount } from '../../../../daemon/contract/types.ts';
import { may } from '../../../api/workspaces.ts';
import { go, to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Menu } from '../../../components/menu.tsx';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty } from '../../../components/states.tsx';
import { commandLine } from '../../../format/command.ts';
import { useMay } from '../../api/identity.ts';
import { removeServiceAccount, useOrganization, useServiceAccounts } from '../../api/organizations.ts';
import { onServer } from '../../api/on-server.ts';
import { Tokens } from '../account/tokens.tsx';
import { PendingScreen } from '../pending-screen.tsx';

interface ServiceAccountProps {
  readonly organization: string;
  readonly name: string;
}

/** A service account with its tokens. */
export function ServiceAccountScreen({ organization, name }: ServiceAccountProps): JSX.Element {
  const { data: own } = useOrganization(organization);
  const { data: accounts, problem, retry } = useServiceAccounts(organization);
  const mayRevoke = useMay('tokens:revoke') && may(own, 'service_accounts:write');
  const [isRemoving, setRemoving] = useState(false);
  const account = accounts?.find((one) => one.name === name);
  if (accounts === undefined) return <PendingScreen title={name} problem={problem} retry={retry} />;
  return (
    <>
      <p class="crumbs">
        <a href={to(['organizations', organization, 'service-accounts'])}>
          Service accounts of {organization}
        </a>
      </p>
      <ScreenHead
        title={name}
        subtitle="A program uses the tokens of this service account."
        actions={
          account !== undefined &&
          may(own, 'service_accounts:write') && (
            <Menu
              label="Actions for the service account"
              items={[
                {
                  icon: 'trash',
                  label: 'Remove service account',
                  isDanger: true,
                  onSelect: () => {
                    setRemoving(true);
                  },
                },
              ]}
            />
          )
        }
      />
      {account === undefined ? (
        <Empty icon="search" title="No service account has this name" />
      ) : (
        <Tokens
          serviceAccount={`${organization}/${name}`}
          mayCreate={may(own, 'service_accounts:issue_token')}
          mayRevoke={mayRevoke}
        />
      )}
      {isRemoving && account !== undefined && (
        <RemoveServiceAccount
          account={account}
          onClose={() => {
            setRemoving(false);
          }}
        />
      )}
    </>
  );
}

interface RemoveProps {
  readonly account: ServiceAccount;
  readonly onClose: () => void;
}

function RemoveServiceAccount({ account, onClose }: RemoveProps): JSX.Element {
  const { organization, name } = account;
  return (
    <FormDialog
      title={`Remove ${name}?`}
      action="Remove service account"
      isDanger
      onSubmit={async () => {
        await removeServiceAccount(account);
        toast(`Removed ${name}`);
        go(to(['organizations', organization, 'service-accounts']));
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'service-accounts', 'remove', onServer(`${organization}/${name}`))}
    >
      <p class="dialog-text">
        Its tokens and its roles in workspaces are removed. Programs that use it lose access.
      </p>
    </FormDialog>
  );
}
