import { missingPostgres } from '../../../fixtures/postgres.ts';
import { anyOrder } from '../conformance/any-order.ts';
import { leasing } from '../conformance/leases.ts';
import { checks } from '../conformance/stage.ts';
import { chunkStoreConformance } from '../conformance.ts';
import { postgresStage } from '../postgres/stage.ts';
import { sqliteStage } from '../sqlite/stage.ts';
import { remoteStage } from './stage.ts';

const missing = await missingPostgres();

chunkStoreConformance({
  name: 'SQLite of another node',
  plays: 4,
  make: async () => remoteStage(await sqliteStage()),
});

// What only hands on does so whatever it hands on to. Leases alone bear numbers and times that Postgres makes otherwise.
const check = checks({
  name: 'Postgres through another node',
  skip: missing,
  make: async () => remoteStage(await postgresStage()),
});
leasing(check);
anyOrder(check, 4);
