import { missingPostgres } from '../../../fixtures/postgres.ts';
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

chunkStoreConformance({
  name: 'Postgres through another node',
  skip: missing,
  plays: 4,
  make: async () => remoteStage(await postgresStage()),
});
