import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../../../daemon/cli/program.ts';
import type { Context } from '../../../../daemon/cli/context.ts';
import { loadSettings } from '../../../../daemon/config/settings.ts';
import { EscrowError } from '../../../../daemon/errors.ts';
import { commandLines, namesOutside } from '../command-lines.ts';
import { hold, textOf, type Target } from '../target.ts';

/**
 * Arguments of all commands but `run`, separated by NUL. The daemon refuses each request, and the settings are those of an empty home.
 * Arguments that name a path outside are dropped, because some commands write to their arguments.
 */
export const commandLine: Target = {
  name: 'command-line',
  share: 15,
  arbitrary: commandLines.map((args) => args.map((one) => one.replaceAll('\0', '')).join('\0')),
  open: async ({ directory, needle }) => {
    const home = join(directory, 'home');
    const settings = await loadSettings({ NF_ESCROW_HOME: home });
    const work = join(directory, 'work');
    mkdirSync(work);
    writeFileSync(join(work, 'file'), needle);
    const absent = (): Promise<never> =>
      Promise.reject(new EscrowError('daemon-unavailable', 'No daemon answers.'));
    // Refuses each field of a body in turn, which the command then names by its option.
    let asked = 0;
    const refuse = (_method: string, _path: string, body: object = { limit: 0 }): Promise<never> => {
      const fields = Object.keys(body);
      const field = fields[(asked += 1) % Math.max(1, fields.length)] ?? 'name';
      return Promise.reject(new EscrowError('request-invalid', `${field} must be valid.`, { field }));
    };
    // All members, so that no command fails because one is missing here.
    const members: Record<keyof Context, unknown> = {
      settings,
      assertSettings: () => undefined,
      version: '0.0.0',
      command: ['/nf-escrow'],
      daemon: () => Promise.resolve({ call: refuse }),
      daemonIfRunning: () => Promise.resolve(undefined),
      takeOver: absent,
      startPersistent: absent,
      serve: absent,
      serveTeam: absent,
      faults: undefined,
    };
    const context = members as unknown as Context;
    return {
      run: async (input) => {
        const words = input.toString('utf8').split('\0');
        const args = words
          .filter((one) => !namesOutside(one))
          .map((one, place) => (isMistaken(words, place) ? textOf(Buffer.from(one), needle) : one));
        const [before, homeBefore, pathBefore] = [
          process.cwd(),
          process.env['NF_ESCROW_HOME'],
          process.env['PATH'],
        ];
        process.env['PATH'] = work; // without Java and a scheduler, which `doctor` would start
        let output = '';
        const keep = (chunk: string | Uint8Array): boolean => {
          output += Buffer.from(chunk as string).toString();
          return true;
        };
        process.chdir(work);
        process.env['NF_ESCROW_HOME'] = home; // `config` and `doctor` read the environment themselves
        // An own property hides the method of the class. Deleting it restores the method.
        for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { write: keep });
        try {
          await runProgram(context, args);
        } catch (error) {
          // commander's errors have an exit status, which main.ts handles.
          if (!(error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'))
            throw error;
        } finally {
          for (const stream of [process.stdout, process.stderr]) Reflect.deleteProperty(stream, 'write');
          process.chdir(before);
          if (homeBefore === undefined) delete process.env['NF_ESCROW_HOME'];
          else process.env['NF_ESCROW_HOME'] = homeBefore;
          process.env['PATH'] = pathBefore;
          process.exitCode = undefined;
        }
        hold(!/^ +at .*\.js:/m.test(output), 'no stack trace is printed');
        return output;
      },
    };
  },
};

/** Returns whether an argument is a value that the user passed by mistake after the name in `secrets set`. */
function isMistaken(words: readonly string[], place: number): boolean {
  const [first, second, name, ...more] = words;
  const isSet = first === 'secrets' && second === 'set' && name?.startsWith('-') === false;
  return isSet && place === 3 && more.length === 1;
}
