import { useState } from 'preact/hooks';
import type { LaunchPreview, LaunchRequest, Problem } from '../../../daemon/contract/types.ts';
import { asProblem } from '../../api/call.ts';
import { previewLaunch, startLaunch } from '../../api/launches.ts';
import { go, to } from '../../app/router.ts';
import { toast } from '../../app/toast-list.ts';
import { change, draft, textOf } from './draft.ts';
import { errorsOf, missingFields, type Errors } from './launch-errors.ts';
import type { ParameterGroup } from './parameter-schema.ts';
import { requestOf } from './request-of.ts';

/** A launch in the form, and what is known about it. */
export interface LaunchForm {
  readonly request: LaunchRequest;
  /** What the launch would do. Undefined until it is reviewed, and again after each change. */
  readonly preview: LaunchPreview | undefined;
  readonly problem: Problem | undefined;
  readonly busy: 'review' | 'launch' | undefined;
  /** Returns the error of a field, until the field is changed. Parameters are called `parameters.NAME`. */
  readonly errorOf: (field: string) => string | undefined;
  readonly review: () => Promise<void>;
  readonly launch: () => Promise<void>;
}

/** Reviews and starts the launch of the form. A failure changes nothing that was entered. */
export function useLaunch(workspace: string, groups: readonly ParameterGroup[] | undefined): LaunchForm {
  const [errors, setErrors] = useState<Errors>(new Map());
  const [reviewed, setReviewed] = useState<{ readonly body: string; readonly preview: LaunchPreview }>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState<'review' | 'launch'>();
  const request = requestOf({ ...draft.value, workspace }, groups);
  const body = JSON.stringify(request);

  const show = (found: ReadonlyMap<string, string>): void => {
    setErrors(new Map([...found].map(([field, detail]) => [field, { detail, of: contentOf(field) }])));
    if (found.size > 0) requestAnimationFrame(focusFirstError);
  };
  const attempt = async (kind: 'review' | 'launch', act: () => Promise<void>): Promise<void> => {
    setBusy(kind);
    setProblem(undefined);
    try {
      await act();
    } catch (error) {
      const failed = asProblem(error);
      setProblem(failed);
      setReviewed(undefined);
      show(errorsOf({ problem: failed, groups }));
    } finally {
      setBusy(undefined);
    }
  };
  return {
    request,
    busy,
    problem,
    preview: reviewed?.body === body ? reviewed.preview : undefined,
    errorOf: (field) => {
      const error = errors.get(field);
      return error?.of === contentOf(field) ? error.detail : undefined;
    },
    review: async () => {
      const missing = missingFields(request);
      show(missing);
      if (missing.size > 0) return;
      await attempt('review', async () => {
        const preview = await previewLaunch(request);
        setReviewed({ body, preview });
        show(errorsOf({ violations: preview.parameters.violations, groups }));
      });
    },
    launch: () =>
      attempt('launch', async () => {
        const { run, warnings } = await startLaunch(request, draft.peek().key);
        for (const warning of warnings) toast(warning, 'plain');
        setReviewed(undefined);
        change({}); // the next launch of the same form is another one
        go(to(['runs', run.id]));
        toast('Run launched');
      }),
  };
}

/** What a field contains, to compare it. */
function contentOf(field: string): string {
  const current = draft.value;
  if (field.startsWith('parameters.')) return textOf(current, field.slice('parameters.'.length));
  return JSON.stringify([current[field as keyof typeof current]]);
}

/** Not while the person types in another field. */
function focusFirstError(): void {
  if (document.activeElement?.matches('input, textarea, select') === true) return;
  document.querySelector<HTMLElement>('.launch [aria-invalid="true"]')?.focus();
}
