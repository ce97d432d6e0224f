import type { ExposureEncoding } from '../../contract/types.ts';
import { recordRanges, type FileIdentity, type MaskedRange } from '../masked-file.ts';
import { MatchStream } from '../match-stream.ts';
import type { NeedleSet } from '../needles/needle-set.ts';
import { readWhole, type FileGap } from './read-file.ts';

/** A file to audit. */
export interface AuditedFile {
  readonly path: string;
  /** Task that wrote it; undefined for a file of the run as a whole. */
  readonly task?: string | undefined;
  readonly process?: string | null;
  /** Whether the ranges of values in it are wanted, because the file is shown to people later. */
  readonly isShown?: boolean;
}

/** A value of a secret in a file. */
export interface AuditFinding {
  readonly file: AuditedFile;
  readonly secret: string;
  readonly encodings: readonly ExposureEncoding[];
}

/** A file that is shown to people, and where values are in it. */
export type ShownFile = FileIdentity & { readonly ranges: readonly MaskedRange[] };

/** Receives what an audit finds, as soon as it is found: the audit may be abandoned. */
export interface AuditSink {
  finding(finding: AuditFinding): void;
  shown(file: ShownFile): void;
}

/** How complete an audit was. */
export interface AuditSummary {
  readonly gaps: readonly { readonly reason: FileGap; readonly count: number; readonly example?: string }[];
  /** Number of findings beyond the limit. */
  readonly omitted: number;
  /** Number of existing files, and of bytes that were read. */
  readonly files: number;
  readonly bytes: number;
}

/** Limits of an audit: bytes to read, duration in milliseconds, findings, and ranges per shown file. */
export interface AuditLimits {
  readonly bytes: number;
  readonly ms: number;
  readonly findings: number;
  readonly ranges: number;
}

const BUFFER = 128 * 1024;

/** Searches files for needles. Blocks its thread. */
export class FileAudit {
  readonly #set: NeedleSet;
  readonly #counts: (needle: number) => boolean;
  readonly #limits: AuditLimits;
  readonly #sink: AuditSink;
  readonly #deadline: number;
  readonly #buffer = Buffer.alloc(BUFFER);
  /** Reused, because most files are smaller than what a stream allocates. */
  readonly #stream: MatchStream;
  readonly #gaps: { reason: FileGap; count: number; example?: string }[] = [];
  #findings = 0;
  #files = 0;
  #bytes = 0;

  /** `counts` says which needles count: text that occurs in the files of every run proves nothing. */
  constructor(set: NeedleSet, counts: (needle: number) => boolean, limits: AuditLimits, sink: AuditSink) {
    this.#set = set;
    this.#counts = counts;
    this.#limits = limits;
    this.#sink = sink;
    this.#deadline = performance.now() + limits.ms;
    this.#stream = new MatchStream(set);
  }

  /** Searches files until the time is over. Never throws for a file: `gaps` lists those that were not searched to the end. */
  async search(files: AsyncIterable<AuditedFile> | Iterable<AuditedFile>): Promise<AuditSummary> {
    for await (const file of files) {
      this.#search(file);
      if (performance.now() <= this.#deadline) continue;
      this.#addGap('time');
      break;
    }
    return {
      gaps: this.#gaps,
      omitted: Math.max(0, this.#findings - this.#limits.findings),
      files: this.#files,
      bytes: this.#bytes,
    };
  }

  #search(file: AuditedFile): void {
    const ranges: MaskedRange[] = [];
    const stream =
      file.isShown === true
        ? new MatchStream(this.#set, recordRanges(ranges, this.#limits.ranges))
        : this.#stream;
    const read = readWhole(file.path, this.#buffer, (part) => {
      const allowed = Math.min(part.length, this.#limits.bytes - this.#bytes);
      stream.push(part.subarray(0, allowed));
      this.#bytes += allowed;
      if (allowed < part.length) return 'budget';
      return performance.now() > this.#deadline ? 'time' : undefined;
    });
    if (read === undefined) return;
    this.#files += 1;
    stream.end();
    if (stream.found.includes(1)) this.#report(file, stream.found);
    stream.found.fill(0);
    if (read.gap !== undefined) this.#addGap(read.gap, file.path);
    else if (read.stat !== undefined && file.isShown === true) {
      const { dev, ino, size, mtimeMs } = read.stat;
      this.#sink.shown({ device: dev, inode: ino, size, mtimeMs, ranges });
    }
  }

  #report(file: AuditedFile, found: Uint8Array): void {
    const bySecret = new Map<string, Set<ExposureEncoding>>();
    for (let number = 0; number < found.length; number += 1) {
      const needle = this.#set.needles[number];
      if (found[number] !== 1 || needle === undefined || !this.#counts(number)) continue;
      bySecret.set(needle.secret, (bySecret.get(needle.secret) ?? new Set()).add(needle.encoding));
    }
    for (const [secret, encodings] of bySecret) {
      this.#findings += 1;
      if (this.#findings <= this.#limits.findings)
        this.#sink.finding({ file, secret, encodings: [...encodings] });
    }
  }

  #addGap(reason: FileGap, path?: string): void {
    const known = this.#gaps.find((gap) => gap.reason === reason);
    if (known !== undefined) known.count += 1;
    else this.#gaps.push({ reason, count: 1, ...(path === undefined ? {} : { example: path }) });
  }
}
