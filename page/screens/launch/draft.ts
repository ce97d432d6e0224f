import { effect, signal } from '@preact/signals';
import { access } from '../../access/session.ts';

/** Which secrets the run may receive. */
type Choice = 'all' | 'only' | 'none';
/** Where a selected secret comes from. Empty: from the scope with the highest precedence. */
export type ChosenScope = '' | 'user' | 'workspace';

/** What a person has entered in the launch form. It contains names of secrets, never values. */
export interface Draft {
  readonly pipeline: string;
  readonly revision: string;
  readonly profile: string;
  readonly launchDirectory: string;
  readonly workDirectory: string;
  readonly workspace: string;
  readonly computeEnvironment: string;
  /** Texts of the fields of parameters, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly parametersText: string;
  /** Whether the parameters are written as text although the pipeline has a schema. */
  readonly isText: boolean;
  readonly checkParameters: boolean;
  readonly secrets: Choice;
  readonly only: Readonly<Record<string, ChosenScope>>;
  /** Idempotency key: the same launch is not started twice. Changes with each edit. */
  readonly key: string;
}

const KEY = 'nf-escrow.launch';
const EMPTY: Omit<Draft, 'key'> = {
  pipeline: '',
  revision: '',
  profile: '',
  launchDirectory: '',
  workDirectory: '',
  workspace: '',
  computeEnvironment: '',
  parameters: {},
  parametersText: '',
  isText: false,
  checkParameters: true,
  secrets: 'all',
  only: {},
};

/** The launch form of this tab. It survives a reload. */
export const draft = signal<Draft>(read());

effect(() => {
  // The next person in this tab starts with an empty form.
  if (access.value === 'signed-out') clearDraft();
  else sessionStorage.setItem(KEY, JSON.stringify(draft.value));
});

/** Changes fields of the form. */
export function change(fields: Partial<Omit<Draft, 'key'>>): void {
  draft.value = { ...draft.peek(), ...fields, key: newKey() };
}

/** Changes the text of one parameter. Empty: not set. */
export function changeParameter(name: string, text: string): void {
  const others = Object.entries(draft.peek().parameters).filter(([one]) => one !== name);
  change({ parameters: Object.fromEntries(text === '' ? others : [...others, [name, text]]) });
}

/** Returns the text of a parameter. */
export function textOf({ parameters }: Draft, name: string): string {
  return Object.hasOwn(parameters, name) ? (parameters[name] ?? '') : '';
}

/** Empties the form. */
export function clearDraft(): void {
  sessionStorage.removeItem(KEY);
  change(EMPTY);
}

/** Not `randomUUID`: at an insecure address, the page has to start, in order to say so. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join('-');
}

function read(): Draft {
  const key = newKey();
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
    return { ...EMPTY, key, ...(stored as Partial<Draft>) };
  } catch {
    return { ...EMPTY, key };
  }
}
