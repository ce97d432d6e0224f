import type { JSX } from 'preact';
import type { Lease } from '../../../daemon/contract/types.ts';
import { Badge, type Tone } from '../../components/badge.tsx';

const STATES: Readonly<Record<Lease['state'], readonly [tone: Tone, label: string]>> = {
  intended: ['accent', 'Planned'],
  placed: ['accent', 'Delivered'],
  removing: ['warn', 'Removing'],
  gone: ['good', 'Removed'],
  unverified: ['warn', 'Not verified'],
};

/** The state of a delivered object. */
export function LeaseState({ state }: { readonly state: Lease['state'] }): JSX.Element {
  const [tone, label] = STATES[state];
  return <Badge tone={tone}>{label}</Badge>;
}
