import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { workspaceSecrets } from '../../../api/secrets.ts';
import { may, rememberWorkspace, titleOf } from '../../../api/workspaces.ts';
import { ScreenHead } from '../../../components/screen-head.tsx';
import { Empty } from '../../../components/states.tsx';
import { SecretList } from '../../../screens/secrets/secret-list.tsx';
import { useWorkspace } from '../../api/members.ts';
import { onServer } from '../../api/on-server.ts';
import { PendingScreen } from '../pending-screen.tsx';

interface SecretsProps {
  readonly organization: string;
  readonly name: string;
  /** The secret whose details are shown. */
  readonly secret?: string;
}

/** The secrets of a workspace. Runs of a team server receive no other ones from it. */
export function Secrets({ organization, name, secret }: SecretsProps): JSX.Element {
  const { data: workspace, problem, retry } = useWorkspace({ organization, name });
  const title = titleOf({ organization, name });
  const isFound = workspace !== undefined;
  useEffect(() => {
    if (isFound) rememberWorkspace({ organization, name });
  }, [isFound, title]);
  if (problem !== undefined && (workspace === undefined || problem.status === 404))
    return <PendingScreen title="Secrets" problem={problem} retry={retry} />;
  if (workspace?.visibility === 'personal')
    return (
      <>
        <ScreenHead title="Secrets" />
        <Empty icon="person" title="A personal workspace has no secrets">
          Runs in a personal workspace receive no secrets from nf-escrow. Choose or create another workspace.
        </Empty>
      </>
    );
  const canWrite = may(workspace, 'pipeline_secrets:write');
  return (
    <SecretList
      title="Secrets"
      subtitle={
        <>
          Runs in <span class="strong">{title}</span> receive these secrets.{' '}
          {canWrite
            ? 'Nobody can read their values.'
            : 'You can see their names. Nobody can read their values.'}
        </>
      }
      place={{ ...workspaceSecrets({ organization, name }), options: ['--workspace', onServer(title)] }}
      address={['workspaces', organization, name, 'secrets']}
      selected={secret}
      canWrite={canWrite}
      overrideOf={() => undefined}
    />
  );
}
