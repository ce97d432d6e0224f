import type {
  ComputeEnvironment,
  LaunchRequest,
  ParameterViolation,
  RunRequest,
} from '../../contract/types.ts';
import type { LaunchContext } from '../launch-context.ts';

/** The `nextflow_schema.json` of a pipeline, or why there is none that can be used. */
export interface FoundSchema {
  readonly file: string | null;
  readonly schema: object | null;
  /** Why there is no schema, as a clause. */
  readonly reason: string | null;
}

/** A process of a pipeline, with the secrets that its script declares. */
export interface DeclaredProcess {
  readonly process: string;
  readonly secrets: readonly string[];
}

/** A request for a run, and warnings for the person who starts it. */
export interface PreparedRequest {
  readonly request: RunRequest;
  readonly warnings: readonly string[];
}

type Launched = Pick<LaunchRequest, 'pipeline' | 'revision' | 'launchDirectory'>;

/** What a child process of a launch does: the input and the output of each task. */
export interface ChildTasks {
  /** Reads the files of a local pipeline. */
  pipeline: {
    readonly input: { readonly launch: Launched };
    readonly output: { readonly found: FoundSchema; readonly processes: readonly DeclaredProcess[] };
  };
  /** Compares parameters with a schema. The pipeline's author chose its patterns. */
  parameters: {
    readonly input: {
      readonly schema: object;
      readonly parameters: NonNullable<LaunchRequest['parameters']>;
    };
    readonly output: { readonly failure: string } | { readonly violations: readonly ParameterViolation[] };
  };
  /** Reads parameters that a person wrote as YAML. */
  text: {
    readonly input: { readonly text: string };
    readonly output: { readonly failure: string } | { readonly parameters: object };
  };
  /** Builds the request for the run. */
  request: {
    readonly input: {
      readonly context: LaunchContext;
      readonly launch: LaunchRequest;
      readonly environment: ComputeEnvironment;
      readonly umask: number;
    };
    readonly output: PreparedRequest;
  };
}

export type ChildTask = keyof ChildTasks;
