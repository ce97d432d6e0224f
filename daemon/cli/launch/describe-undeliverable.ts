import type { Plan } from '../../contract/types.ts';

/** Returns a warning per reason that names the secrets that a run does not receive. */
export function describeUndeliverable({ undeliverable = [] }: Plan): string[] {
  const reasons = [...new Set(undeliverable.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const names = undeliverable.filter((secret) => secret.reason === reason).map(({ name }) => name);
    const [secret, is, one] = names.length === 1 ? ['secret', 'is', 'it'] : ['secrets', 'are', 'one of them'];
    return `${secret} ${names.join(', ')} ${is} not delivered: ${reason}. A process that declares ${one} fails.`;
  });
}
