import { postgresFeedSchema } from './feed.ts';
import { firstRows, firstSchema } from './first-schema.ts';
import { journalGuard } from './journal-guard.ts';
import { rateLimits } from './rate-limits.ts';
import { claimColumns } from './schema-parts.ts';
import { deliveryStatements } from '../deliveries-migration.ts';
import { peopleStatements } from '../people-migration.ts';
import { principalStatements } from '../principals-migration.ts';
import { releaseStatements } from '../releases-migration.ts';

/** One schema migration. A released migration is never changed; a later one corrects it. */
interface Migration {
  readonly id: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** Every migration of SQLite after number 23 has a counterpart here (test/integration/ledger/same-schema.test.ts). */
export const postgresMigrations: readonly Migration[] = [
  {
    id: 1,
    name: 'first schema',
    statements: [...firstSchema, ...postgresFeedSchema, ...journalGuard, ...firstRows],
  },
  { id: 2, name: 'users, service accounts, members and tokens', statements: principalStatements },
  {
    id: 3,
    name: 'counts of tasks by process and status',
    statements: [`CREATE INDEX tasks_by_process_and_status ON tasks (run_id, process, status)`],
  },
  { id: 4, name: 'rate limits', statements: rateLimits },
  { id: 5, name: 'releases', statements: releaseStatements },
  { id: 6, name: 'invitations and sign-in', statements: peopleStatements },
  { id: 7, name: 'deliveries of a team server', statements: deliveryStatements(claimColumns) },
];
