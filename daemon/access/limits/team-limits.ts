/** Limits of a team server for each user and each workspace. The names are those of its settings. */
export interface TeamLimits {
  readonly secretsPerUser: number;
  readonly secretsPerWorkspace: number;
  /** Encrypted bytes of the newest versions. */
  readonly secretBytesPerUser: number;
  readonly secretBytesPerWorkspace: number;
  /** Of a principal. An import counts each of its secrets. */
  readonly changesPerMinute: number;
  readonly workspaceChangesPerMinute: number;
  /** Of a principal. */
  readonly releasesPerMinute: number;
  readonly workspaceReleasesPerMinute: number;
  /** Encrypted bytes of a principal, because encryption for the recipient occupies a replica. */
  readonly releaseBytesPerMinute: number;
}
