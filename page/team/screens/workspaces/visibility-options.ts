/** Who can see a workspace with secrets. */
export const VISIBILITY_OPTIONS = [
  { value: 'private', label: 'Private: only its members' },
  { value: 'shared', label: 'Shared: all members of the organization' },
] as const;
