import type { Identity, Permission } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { useResource } from '../../api/resource.ts';
import { may } from '../../api/workspaces.ts';

/** Returns who has signed in, with the permissions on the server and on own objects. */
export function useIdentity(): Identity | undefined {
  return useResource('identity', () => call<Identity>('GET', 'v1/whoami')).data;
}

/** Returns whether the person has a permission on the server or on own objects. */
export function useMay(permission: Permission): boolean {
  return may(useIdentity(), permission);
}
