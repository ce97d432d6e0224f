import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Workspace } from '../../../../daemon/contract/types.ts';
import { titleOf } from '../../../api/workspaces.ts';
import { go, to } from '../../../app/router.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Choice, Input } from '../../../components/inputs.tsx';
import { commandLine } from '../../../format/command.ts';
import { count } from '../../../format/counts.ts';
import { changeVisibility, removeWorkspace } from '../../api/members.ts';
import { onServer } from '../../api/on-server.ts';
import { VISIBILITY_OPTIONS } from './visibility-options.ts';

interface DialogProps {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

export function ChangeVisibility({ workspace, onClose }: DialogProps): JSX.Element {
  const [visibility, setVisibility] = useState<'private' | 'shared'>(
    workspace.visibility === 'shared' ? 'shared' : 'private',
  );
  return (
    <FormDialog
      title="Change visibility"
      action="Change visibility"
      isReady={visibility !== workspace.visibility}
      onSubmit={async () => {
        await changeVisibility(workspace, visibility);
        toast(`${titleOf(workspace)} is ${visibility}`);
      }}
      onClose={onClose}
    >
      <Choice
        label="Visible to"
        hint="All members of the organization can launch runs in a shared workspace."
        value={visibility}
        options={VISIBILITY_OPTIONS}
        onChange={setVisibility}
      />
    </FormDialog>
  );
}

/** Removes a workspace after the person has typed its name. */
export function RemoveWorkspace({ workspace, onClose }: DialogProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const title = titleOf(workspace);
  return (
    <FormDialog
      title={`Remove ${title}?`}
      action="Remove workspace"
      isDanger
      isReady={typed === title}
      onSubmit={async () => {
        await removeWorkspace(workspace);
        toast(`Removed ${title}`);
        go(to(['organizations', workspace.organization]));
      }}
      onClose={onClose}
      command={commandLine('nf-escrow', 'workspaces', 'remove', onServer(title))}
    >
      <p class="dialog-text">
        The workspace and {count(workspace.secrets, 'secret')} are erased and cannot be restored. Its name is
        never used again.
      </p>
      <Input label={`Type ${title} to confirm`} value={typed} isFirst onChange={setTyped} />
    </FormDialog>
  );
}
