import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Secret, SecretSearch, Workspace } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource } from '../../api/resource.ts';
import { userSecrets, useSecrets, workspaceSecrets } from '../../api/secrets.ts';
import { may, rememberWorkspace, titleOf } from '../../api/workspaces.ts';
import { to } from '../../app/router.ts';
import { Badge } from '../../components/badge.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Empty, Failure } from '../../components/states.tsx';
import { count } from '../../format/counts.ts';
import { SecretList } from './secret-list.tsx';

type FoundSecret = SecretSearch['found'][number];

interface WorkspaceSecretsProps {
  readonly organization: string;
  readonly name: string;
  /** The secret whose details are shown. */
  readonly secret?: string | undefined;
}

/** The secrets of a workspace. */
export function WorkspaceSecrets({ organization, name, secret }: WorkspaceSecretsProps): JSX.Element {
  const title = titleOf({ organization, name });
  useEffect(() => {
    rememberWorkspace({ organization, name });
  }, [title]);
  const address = `v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
  const {
    data: workspace,
    problem,
    retry,
  } = useResource(`workspaces/${title}`, () => call<Workspace>('GET', address));
  const { data: own = [] } = useSecrets(userSecrets);
  const ownNames = new Set(own.map((one) => one.name));
  if (problem !== undefined && workspace === undefined)
    return (
      <>
        <ScreenHead title="Secrets" />
        <Failure problem={problem} retry={retry} />
      </>
    );
  if (workspace?.visibility === 'personal')
    return (
      <>
        <ScreenHead title="Secrets" />
        <Empty
          icon="person"
          title="A personal workspace has no secrets"
          command="nf-escrow workspaces create lab/rna"
        >
          Runs in a personal workspace receive no secrets from nf-escrow. Choose or create another workspace.
        </Empty>
      </>
    );
  return (
    <SecretList
      title="Secrets"
      subtitle={
        <>
          Runs in <span class="strong">{title}</span> receive these secrets. When a run ends, nf-escrow
          removes the copies that it delivered to the run.
        </>
      }
      place={workspaceSecrets({ organization, name })}
      address={['workspaces', organization, name, 'secrets']}
      selected={secret}
      canWrite={may(workspace, 'pipeline_secrets:write')}
      overrideOf={(one) => (ownNames.has(one.name) ? <OwnOverride name={one.name} /> : undefined)}
    />
  );
}

/** The secrets of the person, who may always change them. */
export function UserSecrets({ secret }: { readonly secret?: string | undefined }): JSX.Element {
  const overridden = useOverridden();
  const overrideOf = ({ name }: Secret): ComponentChildren => {
    const titles = overridden?.get(name);
    if (titles === undefined) return undefined;
    return (
      <Badge tone="accent" title={titles.join(', ')}>
        Overrides {titles.length === 1 ? titles[0] : count(titles.length, 'workspace')}
      </Badge>
    );
  };
  return (
    <SecretList
      title="Your secrets"
      subtitle="Your runs receive these secrets in every workspace except personal ones. They override workspace secrets with the same names."
      place={userSecrets}
      address={['user', 'secrets']}
      selected={secret}
      canWrite
      overrideOf={overrideOf}
    />
  );
}

function OwnOverride({ name }: { readonly name: string }): JSX.Element {
  return (
    <a
      class="plain-link"
      href={to(['user', 'secrets', name])}
      title="Your runs receive your own secret with this name instead"
    >
      <Badge tone="accent" icon="person">
        Overridden by you
      </Badge>
    </a>
  );
}

/** Returns the titles of the workspaces with a secret of each name. */
function useOverridden(): ReadonlyMap<string, readonly string[]> | undefined {
  const { data } = useResource('secrets/overridden', async () => {
    const titles = new Map<string, string[]>();
    for (const { secret, workspace } of await readAll<FoundSecret>('v1/secrets', 'found'))
      if (workspace !== null) titles.set(secret.name, [...(titles.get(secret.name) ?? []), workspace]);
    return titles;
  });
  return data;
}
