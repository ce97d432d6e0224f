import type { JSX } from 'preact';
import type { ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { CopyButton } from '../../components/copy.tsx';
import { Fact, Facts } from '../../components/facts.tsx';
import { visibleText } from '../../format/visible-text.ts';

/** The settings of a platform: any names and values, so that a new setting is shown without a change of the page. */
type Details = Readonly<Record<string, unknown>>;

/** The settings of a compute environment. */
export function Settings({ environment }: { readonly environment: ComputeEnvironment }): JSX.Element {
  const { runsDirectory, executor, headJob, headOptions, aws, environment: variables = {} } = environment;
  const details: Details = {
    'Runs directory': runsDirectory ?? 'The default, from the setting runsDir',
    ...(aws === undefined
      ? {
          Scheduler: executor ?? 'Detected on PATH',
          'Nextflow process': headJob === true ? 'A scheduler job' : "A process on the daemon's host",
          ...(headOptions === undefined || headOptions.length === 0
            ? {}
            : { 'Job options': headOptions.join(' ') }),
        }
      : Object.fromEntries(Object.entries(aws).map(([key, value]) => [titleOf(key), value]))),
  };
  const names = Object.keys(variables);
  return (
    <section>
      <h2>Settings</h2>
      <Facts>
        {Object.entries(details).map(([title, value]) => (
          <Fact key={title} title={title}>
            {shown(value)}
          </Fact>
        ))}
      </Facts>
      {names.length > 0 && (
        <>
          <h3 class="spaced">Environment variables of launched runs</h3>
          <ul class="variables">
            {names.map((name) => (
              <li key={name}>
                <code>
                  {name}={visibleText(variables[name] ?? '', 1000)}
                </code>
                <CopyButton text={variables[name] ?? ''} label={`Copy the value of ${name}`} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Returns the title of a setting: `executionRole` becomes `Execution role`. */
function titleOf(key: string): string {
  const words = key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return visibleText(typeof value === 'string' ? value : JSON.stringify(value), 1000);
}
