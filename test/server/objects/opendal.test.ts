import { randomUUID } from 'node:crypto';
import test from 'ava';
import { OpendalObjects } from '../../../server/objects/opendal.ts';
import { serviceOf } from '../../../server/objects/service.ts';
import { objectsConformance } from './conformance.ts';
import { startS3 } from './s3-server.ts';

const text = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(value));

const loads = await import('opendal').then(
  () => undefined,
  (error: Error) => error.message.split('\n')[0],
);

if (loads === undefined) {
  const server = await startS3();
  test.after.always(() => server[Symbol.asyncDispose]());
  const conforms = (name: string, place: () => URL): void =>
    objectsConformance({
      name,
      largeBytes: 20 * 1024 * 1024,
      async place() {
        const url = place();
        return { open: () => OpendalObjects.open(serviceOf(url)), async [Symbol.asyncDispose]() {} };
      },
    });
  conforms('S3', () => new URL(server.url(randomUUID())));
  // A bucket of yours, as `s3://bucket?endpoint=…`.
  const another = process.env['WARPMAP_TEST_OBJECTS'];
  if (another !== undefined) {
    conforms('another service', () => {
      const url = new URL(another);
      url.pathname = `${url.pathname}/${randomUUID()}`;
      return url;
    });
  }

  test('a service that writes over what is there, though told not to, is refused for creating', async (t) => {
    await using forgetful = await startS3({ conditional: false });
    await using objects = await OpendalObjects.open(serviceOf(new URL(forgetful.url('place'))));
    await objects.write('k', text('x'));
    await t.throwsAsync(objects.create('new', text('y')), {
      code: 'OBJECTS_UNAVAILABLE',
      message: /If-None-Match/v,
    });
    t.deepEqual(
      (await Array.fromAsync(objects.list(''))).map(({ key }) => key),
      ['k'],
    );
  });

  test('a service that can not be reached says so', async (t) => {
    const away = await startS3();
    const url = new URL(away.url('place'));
    await away[Symbol.asyncDispose]();
    await using objects = await OpendalObjects.open(serviceOf(url));
    for (const asked of [objects.read('k'), objects.create('k', text('x')), objects.write('k', text('x'))]) {
      await t.throwsAsync(asked, { code: 'OBJECTS_UNAVAILABLE', message: /s3:\/\/bucket\/place can't be used/v });
    }
  });
} else test.skip(`S3 conforms, but not on this machine: ${loads}`, () => {});

test('a URL names a service and its place, and no secret is in its name', (t) => {
  const url = new URL('s3://bucket/a/b/?region=eu-west-1&secret_access_key=secret');
  t.deepEqual(serviceOf(url), {
    name: 's3://bucket/a/b',
    scheme: 's3',
    options: { region: 'eu-west-1', secret_access_key: 'secret', bucket: 'bucket', root: '/a/b' },
  });
  t.deepEqual(serviceOf(new URL('azblob://box')).options, { container: 'box', root: '/' });
});

for (const url of ['s3:///a', 'ftp://bucket/a', 'webdav://bucket', 's3://user:word@bucket/a']) {
  test(`${url} is no place of objects`, (t) => {
    const error = t.throws(() => serviceOf(new URL(url)), { code: 'OPTION_INVALID' });
    t.notRegex(error?.message ?? '', /word/v);
  });
}
