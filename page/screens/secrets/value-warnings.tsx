import type { JSX } from 'preact';
import { Icon } from '../../components/icon.tsx';
import { describeValue, withLineFeeds, withoutLastLineBreak } from './describe-value.ts';

interface ValueWarningsProps {
  readonly value: Uint8Array;
  readonly onChange: (value: Uint8Array) => void;
}

/** What is unusual about a value, with a remedy. None of it prevents saving. */
export function ValueWarnings({ value, onChange }: ValueWarningsProps): JSX.Element {
  const { endsWithLineBreak, hasCarriageReturns, isBinary } = describeValue(value);
  return (
    <>
      {endsWithLineBreak && (
        <Warning
          action="Remove the line break"
          onFix={() => {
            onChange(withoutLastLineBreak(value));
          }}
        >
          The value ends with a line break, which many programs treat as part of the value.
        </Warning>
      )}
      {hasCarriageReturns && (
        <Warning
          action="Convert to LF"
          onFix={() => {
            onChange(withLineFeeds(value));
          }}
        >
          The value has Windows line breaks (CR LF).
        </Warning>
      )}
      {isBinary && <Warning>The value is not UTF-8 text. Runs on AWS Batch do not get this secret.</Warning>}
    </>
  );
}

interface WarningProps {
  readonly children: string;
  readonly action?: string;
  readonly onFix?: () => void;
}

function Warning({ children, action, onFix }: WarningProps): JSX.Element {
  return (
    <p class="value-warning">
      <Icon name="alert" size={14} />
      <span>
        {children}{' '}
        {action !== undefined && (
          <button type="button" class="link" onClick={onFix}>
            {action}
          </button>
        )}
      </span>
    </p>
  );
}
