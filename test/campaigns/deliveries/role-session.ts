import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StrictAws } from '../../support/aws/strict-aws.ts';

/** The AWS credentials of a replica: those of a session, which are renewed in a file. */
export class RoleSession {
  readonly file: string;
  /** What the access keys of this replica start with. */
  readonly keys: string;
  readonly #aws: StrictAws;
  #number = 0;

  constructor(aws: StrictAws, directory: string, index: number) {
    this.#aws = aws;
    this.file = join(directory, `credentials-${String(index)}`);
    this.keys = `AKIDREPLICA${String(index)}X`;
    this.renew();
  }

  /** Lets AWS reject the credentials in the file. */
  expire(): void {
    this.#aws.rules.expired.add(`${this.keys}${String(this.#number)}`);
  }

  renew(): void {
    this.#number += 1;
    const lines = [
      '[default]',
      `aws_access_key_id = ${this.keys}${String(this.#number)}`,
      'aws_secret_access_key = test',
      `aws_session_token = session-${String(this.#number)}`,
    ];
    writeFileSync(`${this.file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }

  /** Variables of the replica. The empty ones are those of this process. */
  get env(): Record<string, string> {
    return {
      ...{ AWS_SHARED_CREDENTIALS_FILE: this.file, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    };
  }
}
