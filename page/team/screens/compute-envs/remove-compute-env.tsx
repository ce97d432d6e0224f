import type { JSX } from 'preact';
import type { ServerEnvironment } from '../../../../daemon/contract/types.ts';
import { titleOf, type WorkspaceName } from '../../../api/workspaces.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { commandLine } from '../../../format/command.ts';
import { removeServerEnvironment } from '../../api/compute-envs.ts';
import { onServer } from '../../api/on-server.ts';

interface RemoveProps {
  readonly workspace: WorkspaceName;
  readonly environment: ServerEnvironment;
  readonly onClose: () => void;
}

/** Removes a compute environment. The server refuses it while it holds secrets of a run there. */
export function RemoveComputeEnvironment({ workspace, environment, onClose }: RemoveProps): JSX.Element {
  const { name } = environment;
  const place = onServer(titleOf(workspace));
  return (
    <FormDialog
      title={`Remove ${name}?`}
      action="Remove compute environment"
      isDanger
      onSubmit={async () => {
        await removeServerEnvironment(workspace, environment);
        toast(`Removed ${name}`);
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'compute-envs', 'remove', name, '--workspace', place)}
    >
      <p class="dialog-text">
        New runs cannot use it. The job queue, the execution role and the work directory in AWS stay as they
        are.
      </p>
    </FormDialog>
  );
}
