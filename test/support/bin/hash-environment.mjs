// Prints the SHA-256 hash of each environment variable named V and digits, byte for byte as the kernel stores it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const environment = readFileSync('/proc/self/environ').toString('latin1').split('\0');
for (const entry of environment) {
  const [, name, value] = /^(V\d+)=([^]*)$/.exec(entry) ?? [];
  if (name) console.log(name, createHash('sha256').update(value, 'latin1').digest('hex'));
}
