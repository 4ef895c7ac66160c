import { ServerError } from '../errors.ts';

/** A service of OpenDAL. */
export interface Service {
  /** Without secrets. */
  readonly name: string;
  readonly scheme: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Services that can be told to write only what is not there, and what each calls the place of its objects. */
const PLACES: Readonly<Record<string, string>> = {
  s3: 'bucket',
  gcs: 'bucket',
  oss: 'bucket',
  cos: 'bucket',
  azblob: 'container',
};

export const SERVICES: readonly string[] = Object.keys(PLACES);

/** What `s3://bucket/prefix?region=…` means; options are those of the service, as OpenDAL names them. Throws `OPTION_INVALID`. */
export function serviceOf(url: URL): Service {
  const scheme = url.protocol.slice(0, -1);
  const place = PLACES[scheme];
  const bucket = decodeURIComponent(url.host);
  if (place === undefined || bucket === '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ServerError(
      'OPTION_INVALID',
      `Expected objects to be a directory, or such as s3://bucket/prefix?region=eu-west-1 (${SERVICES.join(', ')}), got ` +
        `${url.protocol}//${url.host}${url.pathname}; credentials are in the environment`,
    );
  }
  const root = `/${decodeURIComponent(url.pathname).replace(/^\/+|\/+$/gv, '')}`;
  const given = Object.fromEntries(url.searchParams);
  return {
    name: `${scheme}://${bucket}${root === '/' ? '' : root}`,
    scheme,
    options: { ...given, [place]: bucket, root },
  };
}
