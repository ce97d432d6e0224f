import type { ComponentChildren, JSX, TargetedEvent } from 'preact';
import { useId } from 'preact/hooks';
import { Field, type FieldAttributes } from '../../components/field.tsx';
import { visibleText } from '../../format/visible-text.ts';
import { changeParameter, draft, textOf } from './draft.ts';
import type { Parameter } from './parameter-schema.ts';

const HELP_MAX = 4000;

interface ParameterFieldProps {
  readonly parameter: Parameter;
  readonly error: string | undefined;
}

/** A field for one parameter. It is empty until the person sets the parameter, and then shows the default. */
export function ParameterField({ parameter, error }: ParameterFieldProps): JSX.Element {
  if (parameter.kind === 'switch') return <Switch parameter={parameter} error={error} />;
  return (
    <Field
      label={parameter.name}
      remark={parameter.isRequired ? 'Required' : undefined}
      hint={<Description parameter={parameter} />}
      error={error}
    >
      {(attributes) => <Control parameter={parameter} attributes={attributes} />}
    </Field>
  );
}

interface ControlProps {
  readonly parameter: Parameter;
  readonly attributes: FieldAttributes;
}

function Control({ parameter, attributes }: ControlProps): JSX.Element {
  const { name, kind, choices, standard } = parameter;
  const text = textOf(draft.value, name);
  const onInput = (
    event: TargetedEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>,
  ): void => {
    changeParameter(name, event.currentTarget.value);
  };
  if (kind === 'choice')
    return (
      <select {...attributes} value={text} onChange={onInput}>
        <option value="">{standard === undefined ? 'Not set' : `Default: ${visibleText(standard)}`}</option>
        {choices.map((one) => (
          <option key={one.text} value={one.text}>
            {visibleText(one.text)}
          </option>
        ))}
      </select>
    );
  const shared = {
    ...attributes,
    class: 'mono',
    autocomplete: 'off',
    spellcheck: false,
    value: text,
    placeholder: standard === undefined ? '' : visibleText(standard),
    onInput,
  };
  if (kind === 'json') return <textarea {...shared} rows={2} />;
  return <input {...shared} type="text" {...(kind === 'number' ? { inputMode: 'decimal' } : {})} />;
}

/** A boolean. It is sent only if it differs from the default. */
function Switch({ parameter, error }: ParameterFieldProps): JSX.Element {
  const { name, isRequired, standard } = parameter;
  const id = useId();
  const text = textOf(draft.value, name);
  const initial = standard === 'true';
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          aria-describedby={id}
          aria-invalid={error !== undefined}
          checked={text === '' ? initial : text === 'true'}
          onChange={({ currentTarget: { checked } }) => {
            changeParameter(name, checked === initial && !isRequired ? '' : String(checked));
          }}
        />
        <span class="strong">{name}</span>
      </label>
      <div id={id} class={error === undefined ? 'field-text' : 'field-text bad-text'} aria-live="polite">
        {error ?? <Description parameter={parameter} />}
      </div>
    </div>
  );
}

function Description({
  parameter: { description, help, kind },
}: Pick<ParameterFieldProps, 'parameter'>): ComponentChildren {
  return (
    <>
      {description !== undefined && <span>{visibleText(description)} </span>}
      {kind === 'json' && <span>Enter JSON, such as ["a", "b"].</span>}
      {help !== undefined && (
        <details class="help">
          <summary>Help</summary>
          <p>{paragraphs(help)}</p>
        </details>
      )}
    </>
  );
}

/** Returns a text with its line breaks; other control characters are escaped. */
function paragraphs(text: string): string {
  return text
    .slice(0, HELP_MAX)
    .split('\n')
    .map((line) => visibleText(line, HELP_MAX))
    .join('\n');
}
