import type { ComponentChildren, JSX } from 'preact';
import type { JournalEvent, Problem } from '../daemon/contract/types.ts';
import type { Access } from './access/session.ts';
import type { SecretPlace } from './api/secret-place.ts';
import type { IconName } from './components/icon.tsx';

/** How requests get access to the API. */
interface Connection {
  /** Returns the headers that requests need for access; undefined without access. Rejects never. */
  readonly authorize: (method: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Records that a request did not reach the API, or that its credential is no longer valid. */
  readonly lose: (reason: 'unreachable' | 'unknown-session') => void;
  /** Checks whether the API still answers, as after another tab has lost its connection. */
  readonly check: () => Promise<void>;
  /** The problem of a request without an answer. */
  readonly noAnswer: Problem;
  /** Returns the beginnings of the keys of the resources that change with an event. */
  readonly changedBy: (event: JournalEvent) => readonly string[];
}

/** What a person sees without access. */
export interface WelcomeText {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly command?: string;
}

/** Something that the command palette finds. */
export interface PaletteEntry {
  readonly key: string;
  readonly icon: IconName;
  readonly label: string;
  /** Kind of object, shown after the label. */
  readonly kind: string;
  readonly onSelect: () => void;
}

/** The parts of the page that differ between a daemon and a team server. The entry of each page sets them. */
interface Product {
  readonly connection: Connection;
  readonly welcome: Readonly<Partial<Record<Access, WelcomeText>>>;
  /** Shown above the screen while the API does not answer. */
  readonly offline: string;
  readonly Sidebar: () => JSX.Element;
  /** Warnings above each screen. */
  readonly Banner: () => JSX.Element | null;
  readonly screenFor: (path: readonly string[]) => JSX.Element;
  /** Returns what the command palette finds, among which it then searches. */
  readonly usePaletteEntries: (text: string) => readonly PaletteEntry[];
  /** What received a secret. */
  readonly SecretUses: (props: { readonly place: SecretPlace; readonly name: string }) => JSX.Element;
  /** Returns the number of runs that hold the value of a secret. */
  readonly countHolders: (place: SecretPlace, name: string) => Promise<number>;
  /** Whether the runs of a person also receive the person's own secrets. */
  readonly hasOwnSecrets: boolean;
  /** Kinds of events in the audit log, and how filters call them. */
  readonly auditKinds: readonly (readonly [type: string, label: string])[];
  /** Options of `nf-escrow audit` for the same log. */
  readonly auditOptions: readonly string[];
  readonly noWorkspaces: { readonly text: string; readonly command?: string };
}

let current: Product | undefined;

/** Sets the product of this page, before anything is rendered. */
export function setProduct(product: Product): void {
  current = product;
}

/** Returns the product of this page. */
export function product(): Product {
  if (current === undefined) throw new Error('The page has no product.');
  return current;
}
