import type { JSX } from 'preact';
import { ScreenHead } from '../components/screen-head.tsx';
import { Empty } from '../components/states.tsx';
import { Audit } from '../screens/audit/audit.tsx';
import { ComputeEnvironmentScreen } from '../screens/compute-envs/compute-env.tsx';
import { ComputeEnvironments } from '../screens/compute-envs/compute-envs.tsx';
import { Home } from '../screens/home.tsx';
import { LaunchScreen } from '../screens/launch/launch.tsx';
import { Design } from '../screens/design/design.tsx';
import { RunScreen } from '../screens/runs/run.tsx';
import { Runs } from '../screens/runs/runs.tsx';
import { UserSecrets, WorkspaceSecrets } from '../screens/secrets/secrets.tsx';

/** Returns the screen of a path. */
export function screenFor(path: readonly string[]): JSX.Element {
  const [first, second, third, fourth, fifth] = path;
  if (first === undefined) return <Home />;
  if (first === 'workspaces' && second !== undefined && third !== undefined && fourth === 'secrets')
    return (
      <WorkspaceSecrets
        key={`${second}/${third}`}
        organization={second}
        name={third}
        {...(fifth === undefined ? {} : { secret: fifth })}
      />
    );
  if (first === 'user' && second === 'secrets')
    return <UserSecrets {...(third === undefined ? {} : { secret: third })} />;
  if (first === 'launch') return <LaunchScreen />;
  if (first === 'runs' && second !== undefined)
    return <RunScreen key={second} id={second} tab={third ?? 'overview'} />;
  if (first === 'runs') return <Runs />;
  if (first === 'compute-envs' && second !== undefined)
    return <ComputeEnvironmentScreen key={second} name={second} />;
  if (first === 'compute-envs') return <ComputeEnvironments />;
  if (first === 'audit') return <Audit />;
  if (DEVELOPMENT && first === 'design') return <Design />;
  return (
    <>
      <ScreenHead title="Page not found" />
      <Empty icon="search" title="No page exists at this address">
        Check the address, or press <kbd>Ctrl</kbd> <kbd>K</kbd> to search.
      </Empty>
    </>
  );
}
