import {
  approveDeviceLogin,
  denyDeviceLogin,
  findDeviceLogin,
} from '../../access/device-logins/decide-login.ts';
import { pollDeviceLogin } from '../../access/device-logins/poll-login.ts';
import {
  cancelDeviceLogin,
  CODE_SECONDS,
  INTERVAL_SECONDS,
  requestDeviceLogin,
} from '../../access/device-logins/request-login.ts';
import { EscrowError } from '../../errors.ts';
import { operation, type Operation } from '../routing/operation.ts';
import { signInOf } from '../sign-in.ts';
import type { Served } from '../served.ts';

/**
 * Operations with which a terminal without a browser gets a token, as in RFC 8628: the user types the code of the terminal on the
 * page of the server, and approves it there.
 */
export const deviceLoginOperations: readonly Operation[] = [
  operation({
    id: 'requestDeviceLogin',
    method: 'post',
    path: '/v1/device-authorizations',
    summary: 'Request a login for a terminal',
    description: 'Show the user the code and the address of the page. Then request the token at intervals.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'device-login-input',
    responses: { 201: 'device-authorization' },
    handle: async (served, { body }) => {
      const codes = await requestDeviceLogin(served.ledger, body);
      const verificationUri = `${signInOf(served).origin}/device`;
      const times = { expiresIn: CODE_SECONDS, interval: INTERVAL_SECONDS };
      return { status: 201, body: { ...codes, verificationUri, ...times } };
    },
  }),
  operation({
    id: 'cancelDeviceLogin',
    method: 'post',
    path: '/v1/device-authorizations/cancel',
    summary: 'Cancel the login for a terminal',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'device-poll',
    responses: { 204: null },
    handle: async ({ ledger }, { body }) => {
      await cancelDeviceLogin(ledger, body.deviceCode);
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'pollDeviceLogin',
    method: 'post',
    path: '/v1/device-tokens',
    summary: 'Get the token of an approved login',
    description:
      'Until then, the request fails with `authorization-pending`, or with `slow-down` if it is sent more often than the interval permits. One request gets the token.',
    access: 'sign-in',
    ofTeamServer: true,
    request: 'device-poll',
    responses: { 201: 'created-token' },
    problems: [
      ...(['authorization-pending', 'slow-down', 'expired-token', 'access-denied'] as const),
      ...(['request-unprocessable'] as const),
    ],
    handle: async ({ ledger, tokenLimits }, { body }) => ({
      status: 201,
      body: await pollDeviceLogin(ledger, body.deviceCode, tokenLimits),
    }),
  }),
  operation({
    id: 'findDeviceLogin',
    method: 'post',
    path: '/v1/device-authorizations/find',
    summary: 'Get the login that belongs to a code',
    description: 'A login is locked after 5 codes of which only the first half is right.',
    permission: 'approvals:create',
    ofTeamServer: true,
    request: 'user-code',
    responses: { 200: 'device-login' },
    problems: ['user-code-invalid'],
    handle: async (served, { body, principal }) => {
      const found = await delayed(served, () => findDeviceLogin(served.ledger, principal, body.userCode));
      const { hostName, address, scopes, createdAt, expiresAt, now } = found;
      const isOwnAddress = address !== null && signInOf(served).isOwnNetwork(address);
      const ageSeconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(createdAt)) / 1000));
      const shown = { hostName, address, isOwnAddress, scopes: [...scopes], ageSeconds };
      return { status: 200, body: { ...shown, dateCreated: createdAt, expires: expiresAt } };
    },
  }),
  operation({
    id: 'approveDeviceLogin',
    method: 'post',
    path: '/v1/device-authorizations/approve',
    summary: 'Approve a login, so that the terminal gets a token of the user',
    description:
      'Requires that the user has signed in within the last 10 minutes. A code can be approved once.',
    permission: 'approvals:create',
    ofTeamServer: true,
    request: 'user-code',
    responses: { 204: null },
    problems: ['user-code-invalid', 'sign-in-not-recent'],
    handle: async (served, { body, principal }) => {
      await delayed(served, () => approveDeviceLogin(served.ledger, principal, body.userCode));
      return { status: 204, body: undefined };
    },
  }),
  operation({
    id: 'denyDeviceLogin',
    method: 'post',
    path: '/v1/device-authorizations/deny',
    summary: 'Deny a login',
    permission: 'approvals:create',
    ofTeamServer: true,
    request: 'user-code',
    responses: { 204: null },
    problems: ['user-code-invalid'],
    handle: async (served, { body, principal }) => {
      await delayed(served, () => denyDeviceLogin(served.ledger, principal, body.userCode));
      return { status: 204, body: undefined };
    },
  }),
];

/** Delays the responses to wrong codes, which a person would otherwise guess quickly. */
async function delayed<T>(served: Served, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'user-code-invalid')
      await signInOf(served).delayWrongCode();
    throw error;
  }
}
