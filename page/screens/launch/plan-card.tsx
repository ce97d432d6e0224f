import type { JSX } from 'preact';
import { Button } from '../../components/button.tsx';
import { InTerminal } from '../../components/copy.tsx';
import { Failure, Note } from '../../components/states.tsx';
import { count } from '../../format/counts.ts';
import { visibleText } from '../../format/visible-text.ts';
import { change, draft } from './draft.ts';
import { LaunchPlan } from './launch-plan.tsx';
import type { LaunchForm } from './use-launch.ts';

/** The plan of the launch, and the button that starts it. The plan has to be reviewed first, and again after a change. */
export function PlanCard({
  form,
  command,
}: {
  readonly form: LaunchForm;
  readonly command: string;
}): JSX.Element {
  const { preview, problem, busy, launch } = form;
  const result = preview?.parameters.result;
  const canLaunch = preview !== undefined && result !== 'invalid' && result !== 'failed';
  return (
    <aside class="launch-plan" aria-label="Plan">
      <h2>Plan</h2>
      {problem !== undefined && (
        <Failure
          problem={problem}
          isTitled
          {...(problem.retryable ? { retry: () => void form.review() } : {})}
        />
      )}
      {preview === undefined && problem === undefined && (
        <p class="quiet-text">
          Review the launch to see which secrets the run receives, where they come from and how they are
          delivered. The review does not start the run.
        </p>
      )}
      {preview !== undefined && <Check preview={preview} />}
      {preview !== undefined && <LaunchPlan preview={preview} />}
      <div class="launch-buttons">
        {canLaunch ? (
          <Button kind="primary" icon="run" isBusy={busy === 'launch'} onClick={() => void launch()}>
            Launch run
          </Button>
        ) : (
          <Button kind="primary" type="submit" isBusy={busy === 'review'}>
            Review launch
          </Button>
        )}
      </div>
      <p class="quiet-text" role="status">
        {busy === 'launch' && 'Starting Nextflow. On AWS Batch, this can take several minutes.'}
      </p>
      <InTerminal>{command}</InTerminal>
    </aside>
  );
}

function Check({
  preview: { parameters },
}: {
  readonly preview: NonNullable<LaunchForm['preview']>;
}): JSX.Element | null {
  const { result, reason, violations } = parameters;
  if (result === 'invalid')
    return (
      <Note tone="bad">
        <p class="strong">{count(violations.length, 'parameter is invalid', 'parameters are invalid')}</p>
        <ul>
          {violations.map(({ parameter, detail }) => (
            <li key={`${parameter} ${detail}`}>{visibleText(detail)}</li>
          ))}
        </ul>
      </Note>
    );
  if (result === 'valid') return <Note tone="good">The parameters match the schema of the pipeline.</Note>;
  if (result === 'failed' || result === 'skipped')
    return (
      <Note tone="warn">
        <p>nf-escrow did not check the parameters: {visibleText(reason ?? '', 600)}.</p>
        <label class="check">
          <input
            type="checkbox"
            checked={!draft.value.checkParameters}
            onChange={({ currentTarget: { checked } }) => {
              change({ checkParameters: !checked });
            }}
          />
          Launch without this check
        </label>
      </Note>
    );
  return null;
}
