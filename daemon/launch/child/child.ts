// The child process in which the daemon reads files of a launch: a file server that does not respond, or a pattern whose
// evaluation does not end, must not stop the daemon. The environment and the umask are those of the run.
import { readFileSync, writeSync } from 'node:fs';
import { asEscrowError, systemCode, EscrowError } from '../../errors.ts';
import type { ChildTask, ChildTasks } from './tasks.ts';

/** The file that Node executes. */
export const childFile = import.meta.filename;
/** The argument by which the file recognizes that it is executed. */
export const CHILD_MARK = 'nf-escrow-launch';
/** The daemon reads the standard output. */
const OUTPUT = 1;

type Handlers = {
  [Task in ChildTask]: (input: ChildTasks[Task]['input']) => Promise<ChildTasks[Task]['output']>;
};

const handlers: Handlers = {
  pipeline: async ({ launch }) => {
    enter(launch.launchDirectory);
    return (await import('./inspect-pipeline.ts')).inspectPipeline({ launch, env: process.env });
  },
  parameters: async ({ schema, parameters }) =>
    (await import('./check-parameters.ts')).checkParameters(schema, parameters),
  text: async ({ text }) => (await import('./parse-parameters.ts')).parseParameters(text),
  request: async (input) => {
    enter(input.launch.launchDirectory);
    process.umask(input.umask);
    return (await import('./prepare-request.ts')).prepareRequest(input);
  },
};

/** Changes to the launch directory. Throws `launch-directory-unusable`. */
function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    throw new EscrowError(
      'launch-directory-unusable',
      `Cannot launch in "${directory}": ${String(systemCode(error))}.`,
      { cause: error },
    );
  }
}

async function main(task: ChildTask): Promise<void> {
  const input = JSON.parse(readFileSync(0, 'utf8')) as never;
  const result = await handlers[task](input).then(
    (output) => ({ output }),
    (error: unknown) => {
      const { code, message, hint, field } = asEscrowError(error);
      return { error: { code, detail: message, hint, field } };
    },
  );
  const text = Buffer.from(JSON.stringify(result));
  for (let offset = 0; offset < text.length;) offset += writeSync(OUTPUT, text, offset);
  process.exit(0); // whatever else is still open
}

const [, path, mark, task] = process.argv;
if (path === childFile && mark === CHILD_MARK) void main(task as ChildTask);
