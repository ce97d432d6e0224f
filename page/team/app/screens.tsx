import type { JSX } from 'preact';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Empty } from '../../components/states.tsx';
import { Audit } from '../../screens/audit/audit.tsx';
import { Home } from '../../screens/home.tsx';
import { AccountScreen } from '../screens/account/account.tsx';
import { OrganizationScreen } from '../screens/organizations/organization.tsx';
import { Organizations } from '../screens/organizations/organizations.tsx';
import { ServiceAccountScreen } from '../screens/organizations/service-account.tsx';
import { Removals } from '../screens/runs/removals.tsx';
import { RunScreen } from '../screens/runs/run.tsx';
import { Runs } from '../screens/runs/runs.tsx';
import { Invitations } from '../screens/server/invitations.tsx';
import { Server } from '../screens/server/server.tsx';
import { Users } from '../screens/server/users.tsx';
import { ComputeEnvironmentScreen } from '../screens/compute-envs/compute-env.tsx';
import { ComputeEnvironments } from '../screens/compute-envs/compute-envs.tsx';
import { Members } from '../screens/workspaces/members.tsx';
import { Secrets } from '../screens/workspaces/secrets.tsx';

const SINGLE: Readonly<Record<string, () => JSX.Element>> = {
  account: () => <AccountScreen />,
  audit: () => <Audit />,
  invitations: () => <Invitations />,
  removals: () => <Removals />,
  server: () => <Server />,
  users: () => <Users />,
};

/** Returns the screen of a path. */
export function screenFor(path: readonly string[]): JSX.Element {
  const [first, second, third, fourth, fifth] = path;
  if (first === undefined) return <Home />;
  if (first === 'workspaces' && second !== undefined && third !== undefined)
    return workspaceScreen({ organization: second, name: third }, fourth, fifth);
  if (first === 'organizations')
    return second === undefined ? <Organizations /> : organizationScreen(second, third, fourth);
  if (first === 'runs')
    return second === undefined ? <Runs key="all" /> : <RunScreen key={second} run={second} />;
  const single = Object.hasOwn(SINGLE, first) && second === undefined ? SINGLE[first] : undefined;
  return single?.() ?? notFound();
}

function workspaceScreen(
  workspace: { readonly organization: string; readonly name: string },
  screen: string | undefined,
  object: string | undefined,
): JSX.Element {
  const key = `${workspace.organization}/${workspace.name}`;
  if (screen === 'secrets')
    return <Secrets key={key} {...workspace} {...(object === undefined ? {} : { secret: object })} />;
  if (screen === 'runs') return <Runs key={key} workspace={workspace} />;
  if (screen === 'compute-envs')
    return object === undefined ? (
      <ComputeEnvironments key={key} workspace={workspace} />
    ) : (
      <ComputeEnvironmentScreen key={`${key} ${object}`} workspace={workspace} name={object} />
    );
  if (screen === 'members') return <Members key={key} {...workspace} />;
  return notFound();
}

function organizationScreen(name: string, tab = 'workspaces', account?: string): JSX.Element {
  if (tab === 'service-accounts' && account !== undefined)
    return <ServiceAccountScreen key={account} organization={name} name={account} />;
  return <OrganizationScreen key={name} name={name} tab={tab} />;
}

function notFound(): JSX.Element {
  return (
    <>
      <ScreenHead title="Page not found" />
      <Empty icon="search" title="No page exists at this address">
        Check the address, or press <kbd>Ctrl</kbd> <kbd>K</kbd> to search.
      </Empty>
    </>
  );
}
