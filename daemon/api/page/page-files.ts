import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../package-files.ts';

/** A file of the web page, in the encodings that the build prepared. */
export interface PageFile {
  readonly type: string;
  /** Value of Cache-Control. */
  readonly cache: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly br: Buffer;
  readonly gzip: Buffer;
}

/** The web page: its files by the path of the request, and its Content-Security-Policy. */
export interface PageFiles {
  readonly policy: string;
  readonly files: ReadonlyMap<string, PageFile>;
}

interface Manifest {
  readonly policy: string;
  readonly files: readonly {
    readonly path: string;
    readonly file: string;
    readonly type: string;
    readonly cache: string;
    readonly etag: string;
  }[];
}

/**
 * Reads a web page that scripts/page.mjs built; undefined without one. Requests are looked up in the returned map, so that no
 * part of a request becomes a path in the file system.
 */
export function readPageFiles(built: 'dist/page' | 'dist/team-page'): PageFiles | undefined {
  const directory = packageFile(built);
  if (!existsSync(join(directory, 'manifest.json'))) return undefined;
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as Manifest;
  const files = manifest.files.map(({ path, file, ...described }) => {
    const read = (suffix: string): Buffer => readFileSync(join(directory, file + suffix));
    return [path, { ...described, plain: read(''), br: read('.br'), gzip: read('.gz') }] as const;
  });
  return { policy: manifest.policy, files: new Map(files) };
}
