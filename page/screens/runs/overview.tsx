import type { JSX } from 'preact';
import type { Run } from '../../../daemon/contract/types.ts';
import { useProgress, useReceipt } from '../../api/runs.ts';
import { Fact, Facts } from '../../components/facts.tsx';
import { Name } from '../../components/name.tsx';
import { Duration, Time } from '../../components/time.tsx';
import { visibleText } from '../../format/visible-text.ts';
import { ProcessList } from './process-list.tsx';
import { Progress } from './progress.tsx';
import { RunSecrets } from './run-secrets.tsx';
import { pipelineOf } from './run-state.tsx';
import { Timeline } from './timeline.tsx';

/** The properties, the progress and the secrets of a run. */
export function Overview({ run }: { readonly run: Run }): JSX.Element {
  const { data: progress } = useProgress(run.id);
  const { data: receipt } = useReceipt(run.id);
  return (
    <div class="sections">
      <section>
        {progress !== undefined && <Progress tasks={progress.tasks} />}
        <Facts>
          <Fact title="Pipeline">
            <Name mono>{pipelineOf(run)}</Name>
          </Fact>
          <Fact title="Workspace">
            <Name>{run.workspace}</Name>
          </Fact>
          <Fact title="Compute environment">
            <Name>{run.computeEnvironment}</Name>
          </Fact>
          <Fact title="Launch directory">
            <Name mono>{run.launchDirectory}</Name>
          </Fact>
          <Fact title="Started">{run.startedAt === null ? 'Not yet' : <Time at={run.startedAt} />}</Fact>
          <Fact title="Duration">
            {run.startedAt === null ? '–' : <Duration from={run.startedAt} until={run.endedAt} />}
          </Fact>
          {run.exitStatus !== null && <Fact title="Exit status">{run.exitStatus}</Fact>}
          {run.outcomeEvidence !== null && (
            <Fact title="Reason for the outcome">{visibleText(run.outcomeEvidence)}</Fact>
          )}
        </Facts>
      </section>
      {progress !== undefined && <ProcessList {...progress} />}
      <section>
        <h2>Secrets</h2>
        <RunSecrets run={run} />
      </section>
      {receipt !== undefined && receipt.leases.length > 0 && (
        <section>
          <h2>Delivery and removal</h2>
          <Timeline run={run} leases={receipt.leases} />
        </section>
      )}
    </div>
  );
}
