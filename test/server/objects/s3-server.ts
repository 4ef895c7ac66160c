/**
 * A server that speaks S3: s3rver, behind what it lacks of the real one. A write appears whole and at once, one with
 * `If-None-Match: *` is refused where there is an object, and lists are in the order of the keys, page by page.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
// @ts-expect-error -- it comes without types.
import Untyped from 's3rver';

interface Context {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  status: number;
  type: string;
  body: unknown;
}

interface Listed {
  readonly key: string;
  readonly size: number;
  readonly lastModifiedDate: Date;
  readonly metadata: { readonly etag: string };
}

interface S3rver {
  readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[];
  readonly httpServer: Server;
  readonly store: {
    existsObject(bucket: string, key: string): Promise<boolean>;
    listObjects(bucket: string, options: { readonly prefix: string }): Promise<{ readonly objects: readonly Listed[] }>;
  };
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

const S3rver = Untyped as new (options: object) => S3rver;

export interface S3Server extends AsyncDisposable {
  /** Of a place below the bucket of that name; what is in it can be used with the credentials that the URL has. */
  url(prefix: string): string;
}

const BUCKET = 'bucket';

/** `conditional`: whether it heeds `If-None-Match`, as the first servers of S3 did not. */
export async function startS3({ conditional = true } = {}): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'warpmap-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  // It writes in place, so that who reads meanwhile would see a part: one at a time.
  const turn = new PQueue({ concurrency: 1 });
  server.middleware.unshift((context, next) =>
    turn.add(async () => {
      const key = decodeURIComponent(context.path).slice(BUCKET.length + 2);
      const fresh = context.method === 'PUT' && context.headers['if-none-match'] === '*';
      if (conditional && fresh && (await server.store.existsObject(BUCKET, key))) {
        context.status = 412;
        context.type = 'application/xml';
        context.body = '<Error><Code>PreconditionFailed</Code><Message>There is one</Message></Error>';
        return;
      }
      if (context.method === 'GET' && context.query['list-type'] === '2') {
        context.type = 'application/xml';
        const { objects } = await server.store.listObjects(BUCKET, { prefix: context.query['prefix'] ?? '' });
        context.body = pageOf(objects, context.query);
        return;
      }
      await next();
    }),
  );
  const { port } = await server.run();
  return {
    url(prefix) {
      const url = new URL(`s3://${BUCKET}/${prefix}`);
      const options = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1' };
      const credentials = { access_key_id: 'S3RVER', secret_access_key: 'S3RVER' };
      for (const [name, value] of Object.entries({ ...options, ...credentials })) url.searchParams.set(name, value);
      return url.href;
    },
    async [Symbol.asyncDispose]() {
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

function pageOf(objects: readonly Listed[], query: Context['query']): string {
  const after = query['continuation-token'] ?? query['start-after'] ?? '';
  const left = objects.filter(({ key }) => key > after).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const page = left.slice(0, Number(query['max-keys'] ?? 1000));
  const contents = page.map(
    ({ key, size, lastModifiedDate, metadata }) =>
      `<Contents><Key>${key}</Key><LastModified>${lastModifiedDate.toISOString()}</LastModified>` +
      `<ETag>${metadata.etag}</ETag><Size>${size}</Size></Contents>`,
  );
  const more = page.length < left.length;
  const next = more ? `<NextContinuationToken>${page.at(-1)!.key}</NextContinuationToken>` : '';
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
}
