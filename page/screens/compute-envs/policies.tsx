import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PolicyList } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { currentWorkspace, titleOf } from '../../api/workspaces.ts';
import { CopyButton, InTerminal } from '../../components/copy.tsx';
import { Name } from '../../components/name.tsx';
import { Segments } from '../../components/segments.tsx';
import { Failure } from '../../components/states.tsx';
import { commandLine } from '../../format/command.ts';
import { visibleText } from '../../format/visible-text.ts';

/** The IAM policies that runs need, to copy, each with what it is attached to. Nothing for a platform without them. */
export function Policies({
  name: environment,
  path,
}: {
  readonly name: string;
  readonly path: string;
}): JSX.Element | null {
  const [isForAll, setForAll] = useState(false);
  const workspace = titleOf(currentWorkspace.value);
  const options = isForAll ? [] : ['--workspace', workspace];
  const query = isForAll ? '' : `?${new URLSearchParams({ workspace }).toString()}`;
  const { data, problem, retry } = useResource(`policies/${path}${query}`, () =>
    call<PolicyList>('GET', `${path}/policies${query}`),
  );
  if (problem !== undefined) return <Failure problem={problem} retry={retry} />;
  if (data === undefined || data.policies.length === 0) return null;
  return (
    <section>
      <div class="section-head">
        <h2>IAM policies</h2>
        <Segments
          label="Scope of the policies"
          value={isForAll ? 'all' : 'one'}
          options={[
            { value: 'one', label: visibleText(workspace) },
            { value: 'all', label: 'All workspaces' },
          ]}
          onSelect={(value) => {
            setForAll(value === 'all');
          }}
        />
      </div>
      <div class="policies">
        {data.policies.map(({ name, purpose, document }) => {
          const text = JSON.stringify(document, null, 2);
          return (
            <article key={name} class="policy">
              <header>
                <h3>
                  <Name mono>{name}</Name>
                </h3>
                <CopyButton text={text} label={`Copy ${name}`} />
              </header>
              <p class="quiet-text">{visibleText(purpose, 600)}</p>
              <pre class="code" tabIndex={0} aria-label={name}>
                {text}
              </pre>
            </article>
          );
        })}
      </div>
      <InTerminal>
        {commandLine('nf-escrow', 'iam', 'check', '--compute-env', environment, ...options)}
      </InTerminal>
    </section>
  );
}
