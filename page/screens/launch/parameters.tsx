import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ParameterSchema, Problem } from '../../../daemon/contract/types.ts';
import type { Resource } from '../../api/resource.ts';
import { Field } from '../../components/field.tsx';
import { Segments } from '../../components/segments.tsx';
import { Failure } from '../../components/states.tsx';
import { count } from '../../format/counts.ts';
import { visibleText } from '../../format/visible-text.ts';
import { change, draft } from './draft.ts';
import { ParameterField } from './parameter-field.tsx';
import type { ParameterGroup } from './parameter-schema.ts';

interface ParametersProps {
  readonly schema: Resource<ParameterSchema | undefined> & { retry: () => void };
  /** The fields of the form; undefined if the parameters are written as text. */
  readonly groups: readonly ParameterGroup[] | undefined;
  /** Whether the form names a pipeline and a launch directory. */
  readonly isAsked: boolean;
  readonly errorOf: (field: string) => string | undefined;
}

/** The parameters of the pipeline: a form made from its schema, or a text. */
export function Parameters({ schema, groups, isAsked, errorOf }: ParametersProps): JSX.Element {
  const { data, problem, retry } = schema;
  const hasSchema = data?.schema !== undefined && data.schema !== null;
  return (
    <section>
      <div class="section-head">
        <h2>Parameters</h2>
        {hasSchema && (
          <Segments
            label="How to enter the parameters"
            value={draft.value.isText ? 'text' : 'form'}
            options={[
              { value: 'form', label: 'Form' },
              { value: 'text', label: 'YAML' },
            ]}
            onSelect={(value) => {
              change({ isText: value === 'text' });
            }}
          />
        )}
      </div>
      {problem !== undefined && !isAboutField(problem) && <Failure problem={problem} retry={retry} />}
      {groups === undefined ? (
        <ParametersText reason={reasonOf({ isAsked, data })} error={errorOf('parametersText')} />
      ) : (
        <ParameterGroups groups={groups} errorOf={errorOf} />
      )}
    </section>
  );
}

/** Such a problem is shown at its field. */
function isAboutField({ field, code }: Problem): boolean {
  return (
    field !== undefined || code === 'launch-directory-unusable' || code === 'compute-environment-not-found'
  );
}

/** Why there are no fields. */
function reasonOf({
  isAsked,
  data,
}: {
  readonly isAsked: boolean;
  readonly data: ParameterSchema | undefined;
}): string {
  if (!isAsked) return 'To see a form for the parameters, enter the pipeline and the launch directory.';
  if (data?.reason === undefined || data.reason === null) return 'Enter one parameter per line, in YAML.';
  return `No form is available: ${visibleText(data.reason)}. Enter one parameter per line, in YAML.`;
}

function ParametersText({
  reason,
  error,
}: {
  readonly reason: string;
  readonly error: string | undefined;
}): JSX.Element {
  return (
    <Field label="Parameters as YAML" hint={reason} error={error}>
      {(attributes) => (
        <textarea
          {...attributes}
          class="mono"
          rows={6}
          spellcheck={false}
          autocomplete="off"
          placeholder={'input: samples.csv\noutdir: results'}
          value={draft.value.parametersText}
          onInput={(event) => {
            change({ parametersText: event.currentTarget.value });
          }}
        />
      )}
    </Field>
  );
}

function ParameterGroups({
  groups,
  errorOf,
}: Pick<ParametersProps, 'errorOf'> & { readonly groups: readonly ParameterGroup[] }): JSX.Element {
  const [isShowingHidden, setShowingHidden] = useState(false);
  const all = groups.flatMap(({ parameters }) => parameters);
  const hidden = all.filter(({ isHidden }) => isHidden);
  const error = (name: string): string | undefined => errorOf(`parameters.${name}`);
  const hasHiddenError = hidden.some(({ name }) => error(name) !== undefined);
  if (all.length === 0) return <p class="quiet-text">The schema of the pipeline defines no parameters.</p>;
  return (
    <>
      {hidden.length > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={isShowingHidden || hasHiddenError}
            disabled={hasHiddenError}
            onChange={(event) => {
              setShowingHidden(event.currentTarget.checked);
            }}
          />
          Show {count(hidden.length, 'hidden parameter')}
        </label>
      )}
      {groups.map(({ title, description, parameters }) => {
        const shown = parameters.filter(({ isHidden }) => !isHidden || isShowingHidden || hasHiddenError);
        if (shown.length === 0) return null;
        return (
          <fieldset key={title} class="parameter-group">
            <legend>{visibleText(title)}</legend>
            {description !== undefined && <p class="quiet-text">{visibleText(description)}</p>}
            {shown.map((one) => (
              <ParameterField key={one.name} parameter={one} error={error(one.name)} />
            ))}
          </fieldset>
        );
      })}
    </>
  );
}
