import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../../daemon/contract/types.ts';
import { toast } from '../../app/toast-list.ts';
import { Badge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { Command, CopyButton, InTerminal } from '../../components/copy.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Fact, Facts } from '../../components/facts.tsx';
import { Field, Search } from '../../components/field.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Icon, iconNames, Logo } from '../../components/icon.tsx';
import { Checkbox, Choice, Input } from '../../components/inputs.tsx';
import { Listing } from '../../components/listing.tsx';
import { Menu } from '../../components/menu.tsx';
import { Name } from '../../components/name.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { Segments } from '../../components/segments.tsx';
import { ShownOnce } from '../../components/shown-once.tsx';
import { Empty, Failure, Note, Skeleton } from '../../components/states.tsx';
import { Table, type Sorting } from '../../components/table.tsx';
import { Duration, Time } from '../../components/time.tsx';
import { VirtualTable } from '../../components/virtual-table.tsx';
import { ProcessList } from '../runs/process-list.tsx';
import { Progress } from '../runs/progress.tsx';

const COLOURS =
  'page side raised sunken hover line line-strong text text-2 text-3 accent accent-soft good good-soft warn warn-soft bad bad-soft';
const HOSTILE = 'name\u202egpj.\u0007<b>' + 'x'.repeat(200);
const PROBLEM: Problem = {
  type: 'urn:nf-escrow:error:run-alive',
  title: 'Run is alive',
  status: 409,
  code: 'run-alive',
  detail: 'Cannot purge run r20260105kx7q2m: it may be alive.',
  hint: 'Cancel it first: `nf-escrow runs cancel r20260105kx7q2m`.',
  retryable: false,
};
const NO_TASKS = { waiting: 0, running: 0, completed: 0, cached: 0, failed: 0, aborted: 0 };
const TASKS = { waiting: 12, running: 8, completed: 61, cached: 20, failed: 3, aborted: 1 };
const PROCESSES = [
  { name: 'RNASEQ:QC:FASTQC', tasks: { ...NO_TASKS, completed: 61, cached: 20 } },
  { name: 'RNASEQ:ALIGN', tasks: TASKS },
  { name: HOSTILE, tasks: { ...NO_TASKS, waiting: 1200 } },
  { name: null, tasks: { ...NO_TASKS, failed: 1 } },
  ...Array.from({ length: 9 }, (_, index) => ({
    name: `STEP_${String(index)}`,
    tasks: { ...NO_TASKS, completed: 1 },
  })),
];
const LONG = ['run_1', HOSTILE];
const DIALOGS = ['small', 'large', 'panel', 'form', 'shown once'] as const;
const nothing = (): void => undefined;

/** Every component in every state, in a development build only. */
export function Design(): JSX.Element {
  const [opened, setOpened] = useState<(typeof DIALOGS)[number]>();
  const [sorting, setSorting] = useState<Sorting>({ by: 'Version', isReversed: true });
  const [segment, setSegment] = useState('one');
  const close = (): void => {
    setOpened(undefined);
  };
  return (
    <>
      <ScreenHead
        title="Design"
        subtitle="Tokens and components of this page, in every state."
        actions={<Button kind="primary">Primary action</Button>}
      />
      <div class="samples">
        <Sample title="Colour">
          {COLOURS.split(' ').map((name) => (
            <span key={name} class="swatch">
              <i style={{ background: `var(--${name})` }} />
              {name}
            </span>
          ))}
        </Sample>
        <Sample title="Icons">
          {iconNames.map((name) => (
            <span key={name} title={name}>
              <Icon name={name} />
            </span>
          ))}
          <Logo />
        </Sample>
        <Sample title="Buttons">
          {(['primary', 'plain', 'quiet', 'danger'] as const).map((kind) => (
            <>
              <Button kind={kind}>{kind}</Button>
              <Button kind={kind} icon="plus">{`${kind} with icon`}</Button>
              <Button kind={kind} isBusy>{`${kind}, busy`}</Button>
              <Button kind={kind} disabled>{`${kind}, disabled`}</Button>
            </>
          ))}
          <Button icon="bell" isPressed>
            pressed
          </Button>
          <IconButton icon="edit" label="Edit" onClick={nothing} />
          <CopyButton text="DB_PASSWORD" />
          <Menu
            label="Menu"
            items={[
              { icon: 'edit', label: 'Edit', onSelect: nothing },
              { icon: 'trash', label: 'Remove', isDanger: true, onSelect: nothing },
            ]}
          />
          {DIALOGS.map((kind) => (
            <Button
              key={kind}
              onClick={() => {
                setOpened(kind);
              }}
            >
              {`Dialog, ${kind}`}
            </Button>
          ))}
          <Button
            onClick={() => {
              toast('Added DB_PASSWORD');
            }}
          >
            Toast
          </Button>
          <Button
            onClick={() => {
              toast('The daemon does not answer.', 'bad');
            }}
          >
            Failure toast
          </Button>
        </Sample>
        <Sample title="Badges and names">
          {(['plain', 'accent', 'good', 'warn', 'bad'] as const).map((tone) => (
            <Badge key={tone} tone={tone} icon="info">
              {tone}
            </Badge>
          ))}
          <Name mono>DB_PASSWORD</Name>
          <Name>{HOSTILE}</Name>
          <Time at="2026-01-05T10:00:00.000Z" />
          <Duration from="2026-01-05T10:00:00.000Z" until="2026-01-05T11:05:00.000Z" />
          <Duration from="2026-01-05T10:00:00.000Z" until={null} />
          <kbd>Ctrl</kbd>
        </Sample>
        <Sample title="Fields">
          <Field label="Name" remark="Required" hint="A hint.">
            {(attributes) => <input type="text" {...attributes} placeholder="DB_PASSWORD" />}
          </Field>
          <Field label="Name" error="Invalid name: it starts with a digit.">
            {(attributes) => <input type="text" {...attributes} value="1A" />}
          </Field>
          <Field label="Value" hint="For long values.">
            {(attributes) => <textarea {...attributes} rows={3} placeholder="A value" />}
          </Field>
          <Field label="Workspace">
            {(attributes) => (
              <select {...attributes}>
                <option>lab/rna</option>
              </select>
            )}
          </Field>
          <label class="check">
            <input type="checkbox" checked />
            Follow the log
          </label>
          <Search label="Search secrets" value="" onInput={nothing} />
          <Segments
            label="Segments"
            value={segment}
            options={[
              { value: 'one', label: 'One' },
              { value: 'two', label: 'Two', count: 12 },
            ]}
            onSelect={setSegment}
          />
          <Search label="Search runs" value="happy_euler" onInput={nothing} />
          <Command>nf-escrow run main.nf</Command>
          <InTerminal>nf-escrow secrets list</InTerminal>
        </Sample>
        <Sample title="States">
          <Note tone="good">Nothing is left.</Note>
          <Note tone="accent">A neutral note.</Note>
          <Note tone="warn" action={<Button>Action</Button>}>
            Secrets of 1 ended run are not removed yet.
          </Note>
          <Note tone="bad">Files of this run contain values.</Note>
          <Failure problem={PROBLEM} retry={nothing} />
          <Failure problem={PROBLEM} isTitled />
          <Skeleton rows={3} />
          <Empty icon="key" title="No secrets yet" command="nf-escrow secrets set DB_PASSWORD">
            A secret is a name and a value.
          </Empty>
          <Empty
            icon="search"
            title="No run matches the filters"
            action={<Button>Clear the filters</Button>}
          />
        </Sample>
        <Sample title="Progress">
          <Progress tasks={TASKS} />
          <Progress tasks={{ ...NO_TASKS, completed: 1 }} />
          <ProcessList processes={PROCESSES} hasMoreProcesses />
        </Sample>
        <Sample title="Table and facts">
          <Table
            label="Sample"
            keyOf={(row) => row}
            rows={['DB_PASSWORD', HOSTILE]}
            columns={[
              { title: 'Name', kind: 'main', cell: (row) => <Name mono>{row}</Name> },
              { title: 'Version', cell: () => 3, sort: () => 3 },
              { title: 'Tasks', kind: 'number', cell: () => '1,200' },
            ]}
            sorting={sorting}
            onSort={setSorting}
          />
          <VirtualTable
            label="Long sample"
            columns={[
              { title: 'Run', kind: 'main', cell: (row: string) => <Name mono>{row}</Name> },
              { title: 'State', kind: 'state', cell: () => <Badge tone="good">Succeeded</Badge> },
              { title: 'Workspace', kind: 'wide', cell: () => <Name>lab/rna</Name> },
            ]}
            count={2}
            keyOf={(row) => row}
            useRows={() => LONG}
          />
          <VirtualTable
            label="Long sample, requested"
            columns={[{ title: 'Run', kind: 'main', cell: String }]}
            count={2}
            keyOf={String}
            useRows={() => undefined}
          />
          <Listing
            label="List"
            columns={[{ title: 'Name', kind: 'main', cell: (row: string) => <Name>{row}</Name> }]}
            rows={LONG}
            keyOf={(row) => row}
            empty={null}
            more={() => Promise.resolve()}
          />
          <Facts>
            <Fact title="Workspace">lab/rna</Fact>
            <Fact title="Version">3</Fact>
          </Facts>
        </Sample>
      </div>
      {opened === 'form' && (
        <FormDialog
          title="Create token"
          action="Create token"
          isReady={false}
          onSubmit={() => Promise.resolve()}
          onClose={close}
          command="nf-escrow tokens create"
        >
          <Input label="Name" hint="A hint." value="" suggestions={LONG} isFirst onChange={nothing} />
          <Choice
            label="Role"
            hint="What the role permits."
            value="view"
            options={[
              { value: 'view', label: 'view' },
              { value: 'launch', label: 'launch' },
            ]}
            onChange={nothing}
          />
          <Checkbox label="Administrator of the server" isChecked onChange={nothing} />
        </FormDialog>
      )}
      {opened === 'shown once' && (
        <ShownOnce
          title="Token created"
          text={'nfe_EXAMPLE'.repeat(8)}
          warning="Copy the token now. Nobody can read it again."
          onClose={close}
        />
      )}
      {opened !== undefined && opened !== 'form' && opened !== 'shown once' && (
        <Dialog title="Remove DB_PASSWORD?" kind={opened} onClose={close}>
          <p class="dialog-text">The value is erased and cannot be restored.</p>
          <footer>
            <Button onClick={close}>Cancel</Button>
            <Button kind="danger">Remove secret</Button>
          </footer>
        </Dialog>
      )}
    </>
  );
}

function Sample({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section>
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}
