import type { Client } from './client.ts';

/** Reads an object. Changes nothing. */
export async function readOne<T>(client: Client, path: string): Promise<T> {
  return client.call<T>('GET', path);
}
