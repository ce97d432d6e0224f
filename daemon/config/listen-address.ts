import { EscrowError } from '../errors.ts';

/** A loopback address and a port. Port 0: any free port. */
export interface ListenAddress {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
}

/** The setting `listen`. */
export interface ListenSetting {
  /** Undefined: no TCP listener. */
  readonly address: ListenAddress | undefined;
  /** Whether the site prevents the user from listening on another address. */
  readonly isLocked: boolean;
}

const HOSTS: Readonly<Record<string, ListenAddress['host']>> = {
  '127.0.0.1': '127.0.0.1',
  // Not resolved: /etc/hosts could assign another address to the name.
  localhost: '127.0.0.1',
  '[::1]': '::1',
};
const FORM = /^(.*):([0-9]{1,5})$/;
const PORT_MAX = 65_535;

/**
 * Parses HOST:PORT. Only loopback addresses are valid: a user's daemon does not encrypt its connections, and its token gives
 * access to everything that the user can do. Throws `config-invalid`.
 */
export function readListenAddress(text: string): ListenAddress {
  const [, name = '', port = ''] = FORM.exec(text) ?? [];
  const host = Object.hasOwn(HOSTS, name) ? HOSTS[name] : undefined;
  if (host !== undefined && Number(port) <= PORT_MAX) return { host, port: Number(port) };
  const isOther = name !== '' && host === undefined;
  throw new EscrowError(
    'config-invalid',
    isOther
      ? `Cannot listen on "${text.slice(0, 100)}": the daemon listens only on loopback addresses.`
      : `Cannot listen on "${text.slice(0, 100)}": it is not a loopback address with a port.`,
    {
      hint: 'Use 127.0.0.1:PORT or [::1]:PORT. From another machine, use SSH port forwarding: ssh -L PORT:127.0.0.1:PORT HOST',
    },
  );
}

/** Parses the setting: `off` or HOST:PORT. Throws `config-invalid`. */
export function readListenSetting(text: string): ListenAddress | undefined {
  return text === 'off' ? undefined : readListenAddress(text);
}

/** Returns the address as HOST:PORT. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${host === '::1' ? '[::1]' : host}:${String(port)}`;
}
