import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Button } from '../../components/button.tsx';

interface FileButtonProps {
  /** For screen readers. */
  readonly label: string;
  readonly onChoose: (file: File | undefined) => void;
}

/** A button that asks for a file. */
export function FileButton({ label, onChoose }: FileButtonProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div>
      <Button icon="upload" onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        onChange={(event) => {
          onChoose(event.currentTarget.files?.[0]);
        }}
      />
    </div>
  );
}
