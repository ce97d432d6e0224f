import type { JSX } from 'preact';
import type { LaunchPreview, PlannedSecret } from '../../../daemon/contract/types.ts';
import { Badge } from '../../components/badge.tsx';
import { Name } from '../../components/name.tsx';
import { Note } from '../../components/states.tsx';
import { count } from '../../format/counts.ts';
import { SCOPES } from '../../format/scopes.ts';
import { visibleText } from '../../format/visible-text.ts';

const LONG = 1000;

/** What a launch would do: its secrets with their scopes, how they are delivered, who uses them, and warnings. */
export function LaunchPlan({ preview }: { readonly preview: LaunchPreview }): JSX.Element {
  const { plan, warnings, processes } = preview;
  const { secrets, undeliverable = [], writableByOthers = [], note, store, secretDelivery } = plan;
  const notes = [...(note === null ? [] : [note]), ...warnings];
  const lacking = processes.filter(({ missing }) => missing.length > 0);
  return (
    <div class="plan">
      <p>
        {count(secrets.length, 'secret')} for a run in <Name>{plan.workspace}</Name> on{' '}
        <Name>{plan.computeEnvironment}</Name>.
      </p>
      {secrets.length > 0 && (
        <ul class="plan-secrets" aria-label="Secrets of the run">
          {secrets.map((one) => (
            <PlanSecret key={one.name} secret={one} />
          ))}
        </ul>
      )}
      {secretDelivery !== null && (
        <>
          <h3>Delivery</h3>
          <p class="quiet-text">
            Method: {visibleText(secretDelivery, LONG)}. Store:{' '}
            {visibleText((store ?? '').replaceAll('-', ' '))}. nf-escrow removes the delivered secrets when
            the run ends.
          </p>
        </>
      )}
      {processes.length > 0 && (
        <>
          <h3>Secrets by process</h3>
          <ul class="plan-processes">
            {processes.map(({ process, secrets: used, source }) => (
              <li key={`${process} ${source}`}>
                <Name mono>{process}</Name>
                <span class="quiet-text">
                  {used.length === 0 ? 'none' : used.join(', ')}
                  {source === 'runs' && ' (according to earlier runs)'}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {lacking.map(({ process, missing }) => (
        <Note key={process} tone="warn">
          {visibleText(process)} uses {missing.join(', ')}, but this run does not receive{' '}
          {missing.length === 1 ? 'this secret' : 'these secrets'}. The tasks of the process would fail.
        </Note>
      ))}
      {undeliverable.map(({ name, reason }) => (
        <Note key={name} tone="warn">
          {name} is not delivered: {visibleText(reason, LONG)}.
        </Note>
      ))}
      {writableByOthers.map(({ path, why, remedy }) => (
        <Note key={path} tone="warn">
          <p>
            {visibleText(path)} {visibleText(why, LONG)}.
          </p>
          <p>{visibleText(remedy, LONG)}</p>
        </Note>
      ))}
      {notes.map((text) => (
        <Note key={text} tone="warn">
          {sentence(visibleText(text, LONG))}
        </Note>
      ))}
    </div>
  );
}

/** Notes of the plan are clauses, as the command line prints them after its name. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a secret overrides, by the scope of the other secret. */
const OVERRIDDEN: Readonly<Record<PlannedSecret['scope'], string>> = {
  user: 'your own secret',
  workspace: 'the workspace secret',
  local: "the secret in Nextflow's own store",
};

function PlanSecret({ secret }: { readonly secret: PlannedSecret }): JSX.Element {
  const { name, scope, version, overrides } = secret;
  return (
    <li>
      <Name mono>{name}</Name>
      <Badge tone={scope === 'user' ? 'accent' : 'plain'}>{SCOPES[scope]}</Badge>
      <span class="quiet-text">
        {[
          ...(version === null ? [] : [`Version ${String(version)}`]),
          ...overrides.map((one) => `overrides ${OVERRIDDEN[one]}`),
        ].join(', ')}
      </span>
    </li>
  );
}
