// Scripts load compiled modules by their paths, which neither tsc nor eslint follows.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../../support/sandbox.ts';

void t.test('every compiled module that a script loads exists', (t) => {
  const scripts = readdirSync(join(root, 'scripts'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.mjs'),
  );
  let count = 0;
  for (const script of scripts) {
    const text = readFileSync(join(root, 'scripts', script), 'utf8');
    for (const [, path = ''] of text.matchAll(/'((?:dist\/)?[a-z-]+\/[a-z/-]+\.js)'/g)) {
      count += 1;
      const places = [root, join(root, 'dist'), join(root, 'dist/daemon')];
      t.ok(
        places.some((place) => existsSync(join(place, path))),
        `${script}: ${path}`,
      );
    }
  }
  t.ok(count > 15, 'the modules are recognized');
  t.end();
});
