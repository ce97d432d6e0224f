import type { IncomingHttpHeaders } from 'node:http';
import type { Response } from 'express';
import type { Precondition } from '../../contract/entity-tag.ts';
import type { Grant } from '../../access/authorize.ts';
import type { Principal } from '../../access/principal.ts';
import type { Permission } from '../../contract/types.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Caller } from '../listeners/caller.ts';
import type { Remember } from '../../ledger/idempotency.ts';
import type { Served } from '../served.ts';
import type { SchemaFile, Schemas } from './schema-files.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The body of a response: a schema for JSON, another media type, or null for none. */
export type ResponseBody = SchemaFile | { readonly type: string; readonly schema?: SchemaFile } | null;

/** The responses of success, by status. */
export type Responses = Readonly<Partial<Record<200 | 201 | 202 | 204 | 206, ResponseBody>>>;

type BodyOf<Body> = Body extends SchemaFile ? Schemas[Body] : Body extends null ? undefined : string | object;

/** A response of success. */
export type Reply<Wanted extends Responses = Responses> = {
  [Status in keyof Wanted]-?: {
    readonly status: Status;
    readonly body: BodyOf<Wanted[Status]>;
    /** Entity tag of the object, of an operation that is `tagged`. */
    readonly etag?: string;
    /** Whether other responses have the same body: the object no longer changes. */
    readonly isShared?: boolean;
  };
}[keyof Wanted];

type ParametersOf<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Path extends `${string}{${infer Name}}${infer Rest}`
    ? Readonly<Record<Name, string>> & ParametersOf<Rest>
    : unknown;

type Of<File extends SchemaFile> = [File] extends [never] ? undefined : Schemas[File];

/** A request whose parameters and body are valid. */
export interface Call<Parameters = Readonly<Record<string, string>>, Query = unknown, Body = unknown> {
  readonly params: Parameters;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  /** Who makes the request. On a team server, public operations have none: reading it throws `unauthenticated`. */
  readonly principal: Principal;
  /** Why the request is permitted, and the workspace that its path names. Undefined for the user of a daemon. */
  readonly grant: Grant | undefined;
  /** From `If-Match` and `If-None-Match`. The transaction of the change checks it. */
  readonly precondition: Precondition;
  /** Records the response for a repetition of the request. Call it in the transaction of the effect. */
  readonly remember: Remember;
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
}

interface Description<Path extends string> {
  /** The OpenAPI operationId. Clients name their functions after it, so it never changes. */
  readonly id: string;
  readonly method: Method;
  /** Parameters are in braces. `parameters.ts` describes them. */
  readonly path: Path;
  /** A phrase that starts with a verb in the imperative. */
  readonly summary: string;
  /** Details that the summary omits, in sentences. */
  readonly description?: string;
  /** The errors besides those that every operation can return (`problems-of.ts`). */
  readonly problems?: readonly ErrorCode[];
  /**
   * Which requests over TCP need no user token: `public`, none does; `scrape`, those with the scrape token; `session`, those that
   * name a session of the web page; `release`, those with the credential of a release, and `sign-in`, those of people and terminals that
   * have not signed in yet, whose credential the operation itself checks.
   */
  readonly access?: 'public' | 'scrape' | 'session' | 'release' | 'sign-in';
  /**
   * The permission that a principal of a team server needs. It is checked before the handler, on the object that the parameters
   * of the path name; without such parameters, only the scope of the token is. Functions that write check it again in their
   * transaction. An operation without it exists on the daemon of a user only.
   */
  readonly permission?: Permission;
  /** Whether the operation needs a team server: a daemon has no principals besides its user. */
  readonly ofTeamServer?: boolean;
  /** Names of headers in `parameters.ts`. */
  readonly headers?: readonly string[];
  /** Whether the body may be missing. Then it is `{}`. */
  readonly requestOptional?: boolean;
  /** Limit of the body in bytes; default 100 KiB. */
  readonly requestMax?: number;
  /** Whether query parameters and bodies that the operation does not have are ignored, as clients of another product expect. */
  readonly ignoresUnknown?: boolean;
  /** Whether responses have an ETag header. */
  readonly tagged?: boolean;
  /** The headers with preconditions that the operation accepts. */
  readonly preconditions?: readonly PreconditionHeader[];
  /** Whether a request without a precondition is rejected: it could overwrite or destroy what the client has not seen. */
  readonly requiresPrecondition?: boolean;
  /**
   * The status of a repeated request with the same Idempotency-Key, whose handler calls `remember`. Without it, the operation
   * ignores the header.
   */
  readonly repeatable?: 200 | 201;
}

/** A header with a precondition. */
export type PreconditionHeader = 'If-Match' | 'If-None-Match';

interface Definition<
  Path extends string,
  Query extends SchemaFile,
  Request extends SchemaFile,
  Wanted extends Responses,
> extends Description<Path> {
  /** Schema of the query parameters: an object of scalars. Without it, the operation takes none. */
  readonly query?: Query;
  /** Schema of the JSON body. Without it, the operation takes none. */
  readonly request?: Request;
  readonly responses: Wanted;
  readonly handle: (
    served: Served,
    call: Call<ParametersOf<Path>, Of<Query>, Of<Request>>,
    response: Response,
  ) => Promise<Reply<Wanted> | Streamed> | Reply<Wanted>;
  /** Returns the body of a repeated request from what its handler remembered. Default: that itself. */
  readonly repeat?: (
    served: Served,
    call: Call<ParametersOf<Path>, Of<Query>, Of<Request>>,
    remembered: unknown,
  ) => Promise<object>;
}

/** An operation of the API. Its route, its checks and its description derive from it. */
export interface Operation extends Description<string> {
  readonly query?: SchemaFile | undefined;
  readonly request?: SchemaFile | undefined;
  readonly responses: Responses;
  readonly handle: (served: Served, call: Call, response: Response) => Promise<Reply | Streamed> | Reply;
  readonly repeat?: (served: Served, call: Call, remembered: unknown) => Promise<object>;
}

/** A group of operations, which becomes a tag of the description. */
export interface OperationGroup {
  readonly title: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}

/** Returned by an operation that has written the response itself, such as a stream of events. */
export const STREAMED = Symbol('streamed');
export type Streamed = typeof STREAMED;

/** Defines an operation. The types of its handler follow from the names of its schemas. */
export function operation<
  const Path extends string,
  const Wanted extends Responses,
  const Query extends SchemaFile = never,
  const Request extends SchemaFile = never,
>(definition: Definition<Path, Query, Request, Wanted>): Operation {
  // Validation makes the parameters and the body what the handler expects.
  return definition as unknown as Operation;
}
