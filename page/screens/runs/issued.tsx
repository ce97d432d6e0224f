import type { JSX } from 'preact';
import { Button } from '../../components/button.tsx';
import { Time } from '../../components/time.tsx';

/** The button that prints a receipt, and when it was issued. */
export function Issued({ at }: { readonly at: string }): JSX.Element {
  return (
    <>
      <Button
        icon="print"
        onClick={() => {
          print();
        }}
      >
        Print
      </Button>
      <span class="quiet-text">
        Issued <Time at={at} />
      </span>
    </>
  );
}
