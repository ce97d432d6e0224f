import type { JSX } from 'preact';
import type { DeliveryState, ReleaseReceipt, ReleaseSummary } from '../../../../daemon/contract/types.ts';
import { refreshed } from '../../../api/resource.ts';
import { useRepeated } from '../../../api/use-repeated.ts';
import { Badge, type Tone } from '../../../components/badge.tsx';
import { CopyButton, InTerminal } from '../../../components/copy.tsx';
import { Fact, Facts } from '../../../components/facts.tsx';
import { Name } from '../../../components/name.tsx';
import { Failure, Note, Skeleton } from '../../../components/states.tsx';
import { Table, type Column } from '../../../components/table.tsx';
import { Time } from '../../../components/time.tsx';
import { commandLine } from '../../../format/command.ts';
import { exactTime } from '../../../format/times.ts';
import { visibleText } from '../../../format/visible-text.ts';
import { Issued } from '../../../screens/runs/issued.tsx';
import { LeaseState } from '../../../screens/runs/lease-state.tsx';
import { useReleaseReceipt } from '../../api/releases.ts';

const LONG = 600;
/** Deliveries change without an event. */
const REFRESH_MS = 5_000;

/** What the server itself has delivered to a run, and the receipt after the server has removed it. */
export function Delivery({ release }: { readonly release: ReleaseSummary }): JSX.Element {
  const { data, problem, retry } = useReleaseReceipt(release.id);
  useRepeated(() => refreshed('releases'), REFRESH_MS, data?.delivery?.state !== 'removed');
  return (
    <>
      <h2 class="below">Delivery by the server</h2>
      {problem !== undefined && <Failure problem={problem} retry={retry} />}
      {data === undefined && problem === undefined && <Skeleton rows={4} />}
      {data?.delivery != null && <Held receipt={data} delivery={data.delivery} />}
      <InTerminal>
        {commandLine('nf-escrow', 'releases', 'receipt', release.run, `--server=${location.hostname}`)}
      </InTerminal>
    </>
  );
}

interface HeldProps {
  readonly receipt: ReleaseReceipt;
  readonly delivery: DeliveryState;
}

function Held({ receipt, delivery }: HeldProps): JSX.Element {
  const { state, expires, endReason, lastError, objects } = delivery;
  const [tone, label, text] = STATES[state];
  return (
    <>
      {state === 'removed' && <Conclusion receipt={receipt} />}
      {lastError !== null && (
        <Note tone="warn">
          <p class="strong">The last attempt failed. The server retries.</p>
          <p>{visibleText(lastError, LONG)}</p>
        </Note>
      )}
      <Facts>
        <Fact title="State">
          <span class="badges">
            <Badge tone={tone}>{label}</Badge> <span>{text}</span>
          </span>
        </Fact>
        {(state === 'placing' || state === 'placed') && (
          <Fact title="Expires">
            <span>
              <Time at={expires} />, unless the daemon reports before
            </span>
          </Fact>
        )}
        {endReason !== null && <Fact title="Reason for the removal">{REASONS[endReason]}</Fact>}
      </Facts>
      {objects.length > 0 && (
        <>
          <h3 class="spaced">AWS secrets</h3>
          <Table
            label="AWS secrets"
            columns={OBJECTS}
            rows={objects}
            keyOf={({ store, target }) => `${store} ${target}`}
          />
        </>
      )}
    </>
  );
}

/** What the receipt says after the removal. It claims no more than the server has verified. */
function Conclusion({ receipt: { complete, issuedAt } }: { readonly receipt: ReleaseReceipt }): JSX.Element {
  return (
    <>
      {complete ? (
        <Note tone="good" icon="shield">
          <p class="strong">Everything that the server delivered is removed</p>
          <p>The server has verified that the AWS secrets do not exist.</p>
        </Note>
      ) : (
        <Note tone="warn">
          <p class="strong">Not verified</p>
          <p>The server could not verify the removal of some AWS secrets. Rotate the secrets of this run.</p>
        </Note>
      )}
      <div class="actions no-print">
        <Issued at={issuedAt} />
      </div>
    </>
  );
}

const STATES: Readonly<Record<DeliveryState['state'], readonly [tone: Tone, label: string, text: string]>> = {
  placing: ['accent', 'Creating', 'The server creates the AWS secrets.'],
  placed: ['accent', 'Held', 'The AWS secrets exist. The server removes them when the run has ended.'],
  removing: ['warn', 'Removing', 'The server removes the AWS secrets, and retries until they do not exist.'],
  removed: ['good', 'Removed', 'No AWS secret of this run exists.'],
};

const REASONS: Readonly<Record<NonNullable<DeliveryState['endReason']>, string>> = {
  'run-ended': 'The run has ended',
  requested: 'A user requested it',
  expired: 'The daemon did not report before the expiry',
  failed: 'The delivery failed',
  interrupted: 'The delivery was interrupted',
};

type Delivered = DeliveryState['objects'][number];

const OBJECTS: readonly Column<Delivered>[] = [
  {
    title: 'AWS secret',
    kind: 'main',
    cell: ({ target, placedAt, goneAt, evidence, lastError }) => (
      <span class="stacked">
        <span class="badges">
          <Name mono>{nameIn(target)}</Name>
          <CopyButton text={target} label="Copy the ARN" />
        </span>
        <span class="quiet-text wrapping">{visibleText(target, LONG)}</span>
        <span class="quiet-text">
          {placedAt === null ? 'Not created' : `Created ${exactTime(placedAt)}`}
          {goneAt !== null && `, removed ${exactTime(goneAt)}`}
        </span>
        {evidence !== null && <span class="quiet-text wrapping">{visibleText(evidence, LONG)}</span>}
        {lastError !== null && <span class="bad-text wrapping">{visibleText(lastError, LONG)}</span>}
      </span>
    ),
  },
  {
    title: 'State',
    kind: 'state',
    cell: ({ state }) => <LeaseState state={state} />,
  },
];

/** Returns the name of a secret in its ARN. */
function nameIn(target: string): string {
  return target.split(':secret:').at(-1) ?? target;
}
