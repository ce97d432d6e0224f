import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Builds a Nextflow plugin `ID-VERSION` that prints a line when it starts. Returns false without a compiler, or when the
 * jars of this Nextflow are not next to its launcher.
 */
export function companionPlugin(directory: string, nextflow: string, line: string): boolean {
  const [, id = '', version = ''] = /^(.*)-(\d.*)$/.exec(basename(directory)) ?? [];
  const classes = join(directory, 'classes');
  mkdirSync(join(classes, 'META-INF'), { recursive: true });
  writeFileSync(
    join(classes, 'META-INF/MANIFEST.MF'),
    `Manifest-Version: 1.0\nPlugin-Id: ${id}\nPlugin-Version: ${version}\nPlugin-Class: companion.Companion\nPlugin-Requires: >=24.10.0\n`,
  );
  writeFileSync(join(classes, 'META-INF/extensions.idx'), '');
  const sources = mkdtempSync('/tmp/nfe-companion-');
  const source = join(sources, 'Companion.java');
  writeFileSync(
    source,
    `package companion;
public class Companion extends nextflow.plugin.BasePlugin {
  public Companion(org.pf4j.PluginWrapper wrapper) { super(wrapper); }
  @Override public void start() { super.start(); System.out.println("${line}"); }
}
`,
  );
  const jars = join(dirname(nextflow), 'jars');
  try {
    execFileSync('javac', ['-nowarn', '-proc:none', '-d', classes, '-cp', `${jars}/*`, source], {
      stdio: 'pipe',
    });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(sources, { recursive: true });
  }
}
