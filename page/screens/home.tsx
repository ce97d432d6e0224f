import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { currentWorkspace, titleOf, useWorkspaces } from '../api/workspaces.ts';
import { go, to } from '../app/router.ts';
import { ScreenHead } from '../components/screen-head.tsx';
import { Empty, Failure, Skeleton } from '../components/states.tsx';
import { product } from '../product.ts';

/** The start screen. Goes to the secrets of the last used workspace, or else of the first one. */
export function Home(): JSX.Element {
  const { data: workspaces, problem, retry } = useWorkspaces();
  const wanted = titleOf(currentWorkspace.value);
  const chosen = workspaces?.find((one) => titleOf(one) === wanted) ?? workspaces?.[0];
  useEffect(() => {
    if (chosen !== undefined)
      go(to(['workspaces', chosen.organization, chosen.name, 'secrets']), { replace: true });
  }, [chosen]);
  if (problem !== undefined) return <Failure problem={problem} retry={retry} />;
  if (workspaces === undefined || chosen !== undefined) return <Skeleton />;
  const { text, command } = product().noWorkspaces;
  return (
    <>
      <ScreenHead title="Secrets" />
      <Empty icon="archive" title="No workspaces yet" {...(command === undefined ? {} : { command })}>
        A workspace is a set of secrets and runs. {text}
      </Empty>
    </>
  );
}
