import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ServerEnvironmentInput } from '../../../../daemon/contract/types.ts';
import { titleOf, type WorkspaceName } from '../../../api/workspaces.ts';
import { toast } from '../../../app/toast-list.ts';
import { FormDialog } from '../../../components/form-dialog.tsx';
import { Choice, Input } from '../../../components/inputs.tsx';
import { commandLine } from '../../../format/command.ts';
import { createServerEnvironment } from '../../api/compute-envs.ts';
import { onServer } from '../../api/on-server.ts';

const FIELDS = {
  name: { label: 'Name', hint: 'Lower-case letters, digits, hyphens and underscores.' },
  region: { label: 'Region', hint: 'Of the job queue and the secrets, such as eu-west-1.' },
  queue: { label: 'Job queue', hint: 'Name or ARN.' },
  workDir: { label: 'Work directory', hint: 'In S3, such as s3://BUCKET/PATH.' },
  executionRole: {
    label: 'Execution role',
    hint: 'ARN of the role with which tasks receive their secrets. No other workspace may use it.',
  },
  kmsKey: {
    label: 'KMS key (optional)',
    hint: "Id, alias or ARN of the key that encrypts the secrets. Default: the account's key for Secrets Manager.",
  },
} as const;
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Field[];
const NO_VALUES = Object.fromEntries(NAMES.map((name) => [name, ''])) as Record<Field, string>;

const LAYOUTS = [
  { value: 'bundle', label: 'One for each run' },
  { value: 'per-secret', label: 'One for each secret of a run' },
] as const;
type Layout = (typeof LAYOUTS)[number]['value'];

interface CreateProps {
  readonly workspace: WorkspaceName;
  readonly onClose: () => void;
}

/** Creates a compute environment of a workspace. The server checks the settings. */
export function CreateComputeEnvironment({ workspace, onClose }: CreateProps): JSX.Element {
  const [values, setValues] = useState(NO_VALUES);
  const [layout, setLayout] = useState<Layout>('bundle');
  const input = inputOf(values, layout);
  return (
    <FormDialog
      title="Create compute environment"
      action="Create compute environment"
      isReady={NAMES.every((name) => name === 'kmsKey' || values[name].trim() !== '')}
      onSubmit={async () => {
        await createServerEnvironment(workspace, input);
        toast(`Created ${input.name}`);
      }}
      onClose={onClose}
      command={commandFor(input, onServer(titleOf(workspace)))}
    >
      <p class="dialog-text">
        The server must be configured for the AWS account of the execution role. To change a compute
        environment later, remove it and create it again.
      </p>
      {NAMES.map((name) => (
        <Input
          key={name}
          {...FIELDS[name]}
          value={values[name]}
          isFirst={name === 'name'}
          onChange={(value) => {
            setValues({ ...values, [name]: value });
          }}
        />
      ))}
      <Choice label="AWS secrets" value={layout} options={LAYOUTS} onChange={setLayout} />
    </FormDialog>
  );
}

function inputOf(values: Readonly<Record<Field, string>>, layout: Layout): ServerEnvironmentInput {
  const [name, region, queue, workDir, executionRole, kmsKey] = NAMES.map((field) =>
    values[field].trim(),
  ) as [...[string, string, string, string, string, string]];
  return {
    ...{ name, platform: 'aws-batch' },
    aws: {
      ...{ region, queue, workDir, executionRole },
      ...(kmsKey === '' ? {} : { kmsKey }),
      ...(layout === 'bundle' ? {} : { layout }),
    },
  };
}

/** Options of the command, by the setting. */
const OPTIONS: Readonly<Record<string, string>> = {
  region: '--region',
  queue: '--queue',
  workDir: '--work-dir',
  executionRole: '--execution-role',
  kmsKey: '--kms-key',
  layout: '--layout',
};

function commandFor({ name, platform, aws }: ServerEnvironmentInput, workspace: string): string {
  const settings = (Object.entries(aws) as [string, string][]).flatMap(([key, value]) => [
    OPTIONS[key] ?? key,
    value === '' ? key.toUpperCase() : value,
  ]);
  const options = ['--workspace', workspace, '--platform', platform, ...settings];
  return commandLine('nf-escrow', 'compute-envs', 'create', name === '' ? 'NAME' : name, ...options);
}
