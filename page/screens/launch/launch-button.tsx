import type { JSX } from 'preact';
import { useMayLaunch } from '../../api/workspaces.ts';
import { go, to } from '../../app/router.ts';
import { Button } from '../../components/button.tsx';

/** Goes to the launch form, for those who may launch runs. */
export function LaunchButton(): JSX.Element | null {
  if (!useMayLaunch()) return null;
  return (
    <Button
      kind="primary"
      icon="launch"
      onClick={() => {
        go(to(['launch']));
      }}
    >
      Launch
    </Button>
  );
}
