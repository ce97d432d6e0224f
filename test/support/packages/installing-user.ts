import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../accounts.ts';
import { asUser } from '../accounts.ts';
import { untapped } from '../sandbox.ts';

/** A person who uses an installed nf-escrow: runs commands with a given PATH and nothing else from this environment. */
export class InstallingUser {
  readonly account: Account;
  readonly path: string;

  constructor(account: Account, path: string) {
    this.account = account;
    this.path = path;
  }

  run(command: readonly string[], input = '', env: Record<string, string> = {}): SpawnSyncReturns<string> {
    // The first PATH finds the programs that change the user.
    return spawnSync(...untapped(...asUser(this.account, [`PATH=${this.path}`, ...command])), {
      encoding: 'utf8',
      input,
      cwd: this.account.home,
      env: {
        ...{ PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', NXF_OFFLINE: 'true', NXF_ANSI_LOG: 'false' },
        ...env,
      },
    });
  }

  write(name: string, text: string): string {
    const path = join(this.account.home, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    chownSync(path, this.account.uid, this.account.gid);
    return path;
  }
}
