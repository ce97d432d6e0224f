import { join } from 'node:path';
import fc from 'fast-check';
import { operations } from '../../daemon/api/operations/operations.ts';
import type { Client } from '../../daemon/api-client/client.ts';
import type { Context } from '../../daemon/cli/context.ts';
import { EscrowError } from '../../daemon/errors.ts';
import { fromSchema } from '../campaigns/fuzz/from-schema.ts';
import { hostileTexts } from './hostile-text.ts';

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join(''));

const made = new Map<string, fc.Arbitrary<unknown>>();

/** Returns an arbitrary for a schema. Cached, because creating one reads the schema files. */
function answers(schema: string): fc.Arbitrary<unknown> {
  const arbitrary = made.get(schema) ?? fromSchema(`${schema}.json`);
  made.set(schema, arbitrary);
  return arbitrary;
}

const hostileText = (): fc.Arbitrary<string> => hostile;
const dice = (): fc.Arbitrary<number> => fc.nat(20);

/** Appends hostile text to every string of the data, even when its schema has a pattern. */
function withHostileTexts(data: unknown, next: () => string): unknown {
  if (typeof data === 'string') return `${data}${next()}`;
  if (Array.isArray(data)) return data.map((one: unknown) => withHostileTexts(one, next));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [key, withHostileTexts(one, next)]));
}

/** A client rejects a page with a further one that is not full. */
function lastPage(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'next'));
}

/** Returns a context whose daemon and settings contain text that attacks the terminal. */
export function hostileContext(g: fc.GeneratorValue): Context {
  const text = (): string => g(hostileText);
  const answerTo = (schema: string): unknown => lastPage(withHostileTexts(g(answers, schema), text));
  const client: Client = {
    call: async <T>(method: string, path: string): Promise<T> => {
      if (g(dice) === 0) throw new EscrowError('store-unavailable', text(), { hint: text() });
      const [where = ''] = path.split('?');
      const operation = operations.find(
        (one) =>
          one.method === method.toLowerCase() &&
          new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]*')}$`).test(where),
      );
      const schema = Object.values(operation?.responses ?? {}).find((body) => typeof body === 'string');
      return (schema === undefined ? text() : (answerTo(schema) ?? null)) as T; // JSON has no undefined
    },
  };
  const settings = {
    workspace: `lab/${text()}`,
    paths: {
      runs: text(),
      daemonLog: '/nonexistent',
      configFile: join(process.cwd(), 'config.yaml'),
      socket: '/nonexistent',
    },
  };
  return {
    settings,
    assertSettings: () => undefined,
    version: '0.0.0',
    command: ['/nf-escrow'],
    daemon: () => Promise.resolve(client),
    daemonIfRunning: () => Promise.resolve(client),
  } as unknown as Context;
}
