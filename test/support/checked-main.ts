// nf-escrow with a daemon that compares each response with the description of its operation, and fails if they differ.
import { realpathSync } from 'node:fs';
import { main } from '../../daemon/main.ts';
import { checkResponse } from './check-response.ts';

const path = import.meta.filename;
if (realpathSync(process.argv[1] ?? '') === path)
  void main({ path, service: { observe: checkResponse } }, process.argv.slice(2)); // never rejects
