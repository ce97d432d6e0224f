import { cpSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, type Sandbox } from './sandbox.ts';

/** What the program needs beside the page and its packages. The published page stays as it is for other tests. */
const PROGRAM = ['package.json', 'schemas', 'templates', 'dist/checked', 'dist/daemon', 'dist/test/support'];

/** Makes a sandbox use a copy of the program with a page that is built for development. */
export async function useDevelopmentPage(box: Sandbox): Promise<void> {
  const copy = join(box.directory, 'package');
  for (const name of PROGRAM) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const build = [join(root, 'scripts/page.mjs'), '--development', '--out', join(copy, 'dist/page')];
  const { status, stderr } = await box.startProgram(process.execPath, build).ended;
  if (status !== 0) throw new Error(stderr);
  const [node, program = ''] = box.command;
  box.command = [node, join(copy, relative(root, program))];
}
