import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { userSecrets, useSecrets, workspaceSecrets } from '../../api/secrets.ts';
import { Name } from '../../components/name.tsx';
import { Note } from '../../components/states.tsx';
import { change, draft, type ChosenScope, type Draft } from './draft.ts';

/** Secrets that are listed at most. */
const SHOWN_MAX = 1000;

const CHOICES: readonly (readonly [value: Draft['secrets'], label: string, hint: string])[] = [
  [
    'all',
    'All secrets',
    'The secrets of the workspace and your own. Each task still receives only the secrets that its process declares.',
  ],
  ['only', 'Only selected secrets', 'If a selected secret does not exist, the run does not start.'],
  ['none', 'No secrets', 'nf-escrow delivers no secrets to the run.'],
];

interface SecretChoiceProps {
  readonly workspace: string;
  readonly isPersonal: boolean;
  readonly error: string | undefined;
}

/** Which secrets the run may receive. */
export function SecretChoice({ workspace, isPersonal, error }: SecretChoiceProps): JSX.Element {
  const { secrets } = draft.value;
  const name = useId();
  return (
    <section>
      <h2>Secrets</h2>
      {isPersonal && <Note tone="accent">A run in a personal workspace receives no secrets.</Note>}
      {!isPersonal && (
        <div class="choices" role="radiogroup" aria-label="Secrets of the run">
          {CHOICES.map(([value, label, hint]) => (
            <label key={value} class={value === secrets ? 'choice current' : 'choice'}>
              <input
                type="radio"
                name={name}
                checked={value === secrets}
                onChange={() => {
                  change({ secrets: value });
                }}
              />
              <span>
                <span class="strong">{label}</span>
                <span class="quiet-text">{hint}</span>
              </span>
            </label>
          ))}
        </div>
      )}
      {!isPersonal && secrets === 'only' && <SecretSelection workspace={workspace} />}
      {error !== undefined && (
        <p class="bad-text" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}

function SecretSelection({ workspace }: { readonly workspace: string }): JSX.Element {
  const [organization = '', name = ''] = workspace.split('/', 2);
  const { data: shared = [] } = useSecrets(workspaceSecrets({ organization, name }));
  const { data: own = [] } = useSecrets(userSecrets);
  const { only } = draft.value;
  const sharedNames = new Set(shared.map((one) => one.name));
  const ownNames = new Set(own.map((one) => one.name));
  // Selected secrets that do not exist stay visible, so that they can be deselected.
  const names = [...new Set([...sharedNames, ...ownNames, ...Object.keys(only)])].sort().slice(0, SHOWN_MAX);
  const select = (one: string, scope: ChosenScope | undefined): void => {
    const others = Object.entries(only).filter(([other]) => other !== one);
    change({ only: Object.fromEntries(scope === undefined ? others : [...others, [one, scope]]) });
  };
  if (names.length === 0)
    return (
      <p class="quiet-text">There are no secrets to select. Add secrets to the workspace or to your own.</p>
    );
  return (
    <ul class="selection" aria-label="Selected secrets">
      {names.map((one) => {
        const isSelected = Object.hasOwn(only, one);
        const isInBoth = sharedNames.has(one) && ownNames.has(one);
        return (
          <li key={one}>
            <label class="check">
              <input
                type="checkbox"
                checked={isSelected}
                onChange={() => {
                  select(one, isSelected ? undefined : '');
                }}
              />
              <Name mono>{one}</Name>
            </label>
            {isInBoth && isSelected ? (
              <select
                aria-label={`Scope of ${one}`}
                value={only[one]}
                onChange={(event) => {
                  select(one, event.currentTarget.value as ChosenScope);
                }}
              >
                <option value="">Your own, which overrides the workspace secret</option>
                <option value="workspace">Workspace</option>
              </select>
            ) : (
              <span class="quiet-text">
                {ownNames.has(one) ? 'Your own' : sharedNames.has(one) ? 'Workspace' : 'Does not exist'}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
