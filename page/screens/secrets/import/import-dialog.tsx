import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../../../daemon/contract/types.ts';
import { asProblem } from '../../../api/call.ts';
import { importText, previewImport, type ImportRow, type TextFormat } from '../../../api/import.ts';
import type { SecretPlace } from '../../../api/secrets.ts';
import { toast } from '../../../app/toast-list.ts';
import { Button } from '../../../components/button.tsx';
import { InTerminal } from '../../../components/copy.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Failure, Note } from '../../../components/states.tsx';
import { commandLine } from '../../../format/command.ts';
import { count } from '../../../format/counts.ts';
import { useSecretBytes } from '../use-secret-bytes.ts';
import { ImportPreview } from './import-preview.tsx';
import { ImportSource } from './import-source.tsx';

interface ImportDialogProps {
  readonly place: SecretPlace;
  readonly onClose: () => void;
}

/** The dialog that imports secrets from a text: first the text, then the choice of names. The text is overwritten when it closes. */
export function ImportDialog({ place, onClose }: ImportDialogProps): JSX.Element {
  const [text, setText] = useSecretBytes();
  const [format, setFormat] = useState<TextFormat>('dotenv');
  const [rows, setRows] = useState<readonly ImportRow[]>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const selected = rows?.filter(({ name, reason }) => reason === undefined && chosen.has(name)) ?? [];
  const hasChanged = problem?.code === 'precondition-failed';

  const attempt = async (act: (bytes: Uint8Array) => Promise<void>): Promise<void> => {
    if (text === undefined) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await act(text);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const preview = (): Promise<void> =>
    attempt(async (bytes) => {
      const found = await previewImport(place, bytes, format);
      setRows(found);
      setChosen(new Set(found.filter(({ existing }) => existing === undefined).map(({ name }) => name)));
    });
  const save = (): Promise<void> =>
    attempt(async (bytes) => {
      const { created, replaced } = await importText(place, bytes, format, selected);
      toast(`Imported ${count(created.length + replaced.length, 'secret')}`);
      onClose();
    });

  return (
    <Dialog title="Import secrets" kind="large" onClose={onClose}>
      <form
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void (rows === undefined ? preview() : save());
        }}
      >
        {/* Hidden while the names are chosen, so that going back loses nothing. */}
        <div class="import-source" hidden={rows !== undefined}>
          <ImportSource text={text} format={format} onText={setText} onFormat={setFormat} />
        </div>
        {rows !== undefined && <ImportPreview rows={rows} chosen={chosen} onChoose={setChosen} />}
        {hasChanged ? (
          <Note
            tone="warn"
            action={
              <Button icon="refresh" onClick={() => void preview()}>
                Preview again
              </Button>
            }
          >
            {problem.detail} Nothing was imported.
          </Note>
        ) : (
          problem !== undefined && <Failure problem={problem} />
        )}
        <footer>
          {rows === undefined ? (
            <Button onClick={onClose}>Cancel</Button>
          ) : (
            <Button
              onClick={() => {
                setRows(undefined);
                setProblem(undefined);
              }}
            >
              Back
            </Button>
          )}
          <Button
            kind="primary"
            type="submit"
            isBusy={isBusy}
            disabled={rows === undefined ? text === undefined : selected.length === 0 || hasChanged}
          >
            {rows === undefined ? 'Preview' : `Import ${count(selected.length, 'secret')}`}
          </Button>
        </footer>
      </form>
      <InTerminal>
        {commandLine('nf-escrow', 'secrets', 'import', '--from', format, ...place.options, 'FILE')}
      </InTerminal>
    </Dialog>
  );
}
