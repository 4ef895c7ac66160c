import { missingPostgres } from '../../../fixtures/postgres.ts';
import { chunkStoreConformance } from '../conformance.ts';
import { postgresStage } from './stage.ts';

chunkStoreConformance({ name: 'Postgres', skip: await missingPostgres(), make: postgresStage, plays: 20 });
