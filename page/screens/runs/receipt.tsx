import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lease, Problem, Receipt, ReceiptCheck, Run } from '../../../daemon/contract/types.ts';
import { asProblem } from '../../api/call.ts';
import { checkReceipt, useReceipt } from '../../api/runs.ts';
import { Badge, type Tone } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/copy.tsx';
import { Fact, Facts } from '../../components/facts.tsx';
import { Name } from '../../components/name.tsx';
import { Failure, Note, Skeleton } from '../../components/states.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { exactTime } from '../../format/times.ts';
import { visibleText } from '../../format/visible-text.ts';
import { Exposures } from './exposures.tsx';
import { Issued } from './issued.tsx';
import { LeaseState } from './lease-state.tsx';
import { pipelineOf } from './run-state.tsx';

interface Conclusion {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly title: string;
  readonly text: string;
}

const CONCLUSIONS: Readonly<Record<Receipt['conclusion'], Conclusion>> = {
  'nothing-left': {
    tone: 'good',
    title: 'Nothing is left',
    text: 'Everything that nf-escrow delivered is removed, and no file of the run contains a secret value.',
  },
  'placed-removed': {
    tone: 'good',
    title: 'Everything that nf-escrow delivered is removed',
    text: 'nf-escrow did not search all files of the run for secret values.',
  },
  exposed: {
    tone: 'bad',
    title: 'Files of the run contain secret values',
    text: 'Everything that nf-escrow delivered is removed. Delete the files below and rotate the secrets.',
  },
  'not-verified': {
    tone: 'warn',
    title: 'Not verified',
    text: 'nf-escrow could not verify the removal of some secret values. Rotate these secrets.',
  },
  pending: {
    tone: 'warn',
    title: 'Not everything is removed yet',
    text: 'The run may still be alive. If it has ended, the daemon retries the removal.',
  },
};

/** The receipt of a run, for the screen and for printing: the delivered objects, their removal, and its verification. */
export function ReceiptTab({ run }: { readonly run: Run }): JSX.Element {
  const { data, problem, retry } = useReceipt(run.id);
  const [checked, setChecked] = useState<Receipt>();
  const [isChecking, setChecking] = useState(false);
  const [failure, setFailure] = useState<Problem>();
  const receipt = checked ?? data;
  const check = async (): Promise<void> => {
    setChecking(true);
    setFailure(undefined);
    try {
      setChecked(await checkReceipt(run.id));
    } catch (error) {
      setFailure(asProblem(error));
    } finally {
      setChecking(false);
    }
  };
  if (receipt === undefined)
    return problem === undefined ? <Skeleton rows={6} /> : <Failure problem={problem} retry={retry} />;
  const { tone, title, text } = CONCLUSIONS[receipt.conclusion];
  return (
    <div class="sections receipt">
      <section class="print-only">
        <h2>Receipt</h2>
        <Facts>
          <Fact title="Run">{run.id}</Fact>
          <Fact title="Workspace">{visibleText(run.workspace)}</Fact>
          <Fact title="Compute environment">{visibleText(run.computeEnvironment)}</Fact>
          <Fact title="Pipeline">{visibleText(pipelineOf(run), 120)}</Fact>
          <Fact title="Started">{run.startedAt === null ? 'Not started' : exactTime(run.startedAt)}</Fact>
          <Fact title="Ended">{run.endedAt === null ? 'Not ended' : exactTime(run.endedAt)}</Fact>
          <Fact title="Issued">{exactTime(receipt.issuedAt)}</Fact>
          <Fact title="Secrets">{run.secrets.map(({ name }) => visibleText(name)).join(', ') || 'None'}</Fact>
        </Facts>
      </section>
      <section>
        <Note tone={tone} icon={tone === 'good' ? 'shield' : 'alert'}>
          <p class="strong">{title}</p>
          <p>{text}</p>
        </Note>
        <div class="actions no-print">
          <Button icon="refresh" isBusy={isChecking} onClick={() => void check()}>
            Check again now
          </Button>
          <Issued at={receipt.issuedAt} />
        </div>
        {failure !== undefined && <Failure problem={failure} />}
        {receipt.checks !== undefined && (
          <Table label="Checks" columns={CHECKS} rows={receipt.checks} keyOf={({ target }) => target} />
        )}
      </section>
      <section>
        <h2>Delivered objects</h2>
        <Table label="Delivered objects" columns={LEASES} rows={receipt.leases} keyOf={({ id }) => id} />
      </section>
      <Exposures receipt={receipt} />
      <section class="no-print">
        <Command>{`nf-escrow runs receipt ${run.id} --check`}</Command>
      </section>
    </div>
  );
}

const RESULTS: Readonly<Record<ReceiptCheck['result'], readonly [tone: Tone, label: string]>> = {
  absent: ['good', 'Absent'],
  present: ['bad', 'Present'],
  unknown: ['warn', 'Unknown'],
};

const CHECKS: readonly Column<ReceiptCheck>[] = [
  { title: 'Checked object', kind: 'main', cell: ({ target }) => <Name mono>{target}</Name> },
  {
    title: 'Result',
    kind: 'state',
    cell: ({ result }) => {
      const [tone, label] = RESULTS[result];
      return <Badge tone={tone}>{label}</Badge>;
    },
  },
  { title: 'Evidence', kind: 'wide', cell: ({ evidence }) => visibleText(evidence) },
];

const LEASES: readonly Column<Lease>[] = [
  {
    title: 'Object',
    kind: 'main',
    cell: ({ store, target, placedAt, goneAt, verification }) => (
      <span class="stacked">
        <span>{visibleText(store)}</span>
        <span class="quiet-text">
          <Name mono>{target}</Name>
        </span>
        <span class="quiet-text">
          {placedAt === null ? 'Not delivered' : `Delivered ${exactTime(placedAt)}`}
          {goneAt !== null && `, removed ${exactTime(goneAt)}`}
        </span>
        {verification !== null && <span class="quiet-text wrapping">{visibleText(verification, 600)}</span>}
      </span>
    ),
  },
  {
    title: 'State',
    kind: 'state',
    cell: ({ state }) => <LeaseState state={state} />,
  },
];
