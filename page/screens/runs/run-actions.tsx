import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem, Run } from '../../../daemon/contract/types.ts';
import { asProblem } from '../../api/call.ts';
import { cancelRun, purgeRun } from '../../api/runs.ts';
import { may } from '../../api/workspaces.ts';
import { toast } from '../../app/toast-list.ts';
import { Button } from '../../components/button.tsx';
import { copy } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Menu } from '../../components/menu.tsx';
import { Failure } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { NotifyButton } from './notify-button.tsx';
import { isLive } from './run-state.tsx';

/** The actions that the state of a run and the permissions of the person allow. */
export function RunActions({ run }: { readonly run: Run }): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const canManage = may(run, 'runs:manage');
  const canCancel = canManage && (isLive(run) || run.orphanedJobs.length > 0);
  const canPurge = canManage && run.state === 'ended';
  const copyCommand = (command: string) => () =>
    void copy(commandLine('nf-escrow', 'runs', command, run.id), 'Command copied');
  return (
    <>
      {isLive(run) && <NotifyButton target={run.id}>Notify me</NotifyButton>}
      {canPurge && <PurgeButton run={run} />}
      {canCancel && (
        <Button
          icon="stop"
          kind="danger"
          onClick={() => {
            setAsking(true);
          }}
        >
          Cancel
        </Button>
      )}
      <Menu
        label="More actions"
        items={[
          { icon: 'command', label: 'Copy command: watch', onSelect: copyCommand('watch') },
          { icon: 'command', label: 'Copy command: logs', onSelect: copyCommand('logs') },
          { icon: 'command', label: 'Copy command: receipt', onSelect: copyCommand('receipt') },
          ...(canCancel
            ? [{ icon: 'command' as const, label: 'Copy command: cancel', onSelect: copyCommand('cancel') }]
            : []),
          ...(canPurge
            ? [{ icon: 'command' as const, label: 'Copy command: purge', onSelect: copyCommand('purge') }]
            : []),
        ]}
      />
      {isAsking && (
        <CancelDialog
          run={run}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </>
  );
}

function PurgeButton({ run }: { readonly run: Run }): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const purge = async (): Promise<void> => {
    setBusy(true);
    try {
      const { pendingRemovals } = await purgeRun(run.id);
      if (pendingRemovals === 0) toast('All secrets of the run are removed');
      else toast('Some secrets could not be removed. The daemon retries the removal.', 'bad');
    } catch (error) {
      toast(asProblem(error).detail, 'bad');
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button icon="refresh" isBusy={isBusy} onClick={() => void purge()}>
      Remove secrets now
    </Button>
  );
}

function CancelDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await cancelRun(run.id);
      toast('Cancellation requested');
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const live = isLive(run);
  return (
    <Dialog title={live ? 'Cancel this run?' : 'Cancel the orphaned jobs?'} onClose={onClose}>
      <p class="dialog-text">
        {live
          ? 'Nextflow cancels its running tasks and exits. nf-escrow then removes the secrets of the run. To resume the run later, launch it again with -resume.'
          : 'nf-escrow cancels the jobs that outlived the run, if the scheduler confirms that they belong to the run.'}
      </p>
      {problem !== undefined && <Failure problem={problem} />}
      <footer>
        <Button onClick={onClose}>{live ? 'Keep running' : 'Keep the jobs'}</Button>
        <Button kind="danger" isBusy={isBusy} onClick={() => void cancel()}>
          {live ? 'Cancel run' : 'Cancel jobs'}
        </Button>
      </footer>
    </Dialog>
  );
}
