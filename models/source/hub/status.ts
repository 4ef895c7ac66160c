import type { IncomingHttpHeaders } from 'node:http';
import { ModelError } from '../../errors.ts';
import { TransientFailure } from './transient.ts';

/** What a status that is no success means to the user. */
export function statusFailure(
  status: number,
  headers: IncomingHttpHeaders,
  url: URL,
  hasToken: boolean,
): ModelError | TransientFailure {
  const message = headers['x-error-message'];
  const said = `${url.origin}${url.pathname} answered ${status}${typeof message === 'string' ? ` (${message})` : ''}`;
  if (status === 404) {
    return new ModelError(
      'MODEL_NOT_FOUND',
      `${said}: there is no such repository, revision or file. Check the spelling of \`organisation/name@revision\`.`,
    );
  }
  if (status === 401 || status === 403) {
    const mend = hasToken
      ? 'the token in HF_TOKEN may not read it, or its terms are not yet accepted on its page'
      : 'if it exists it is private or gated: set HF_TOKEN to a token that may read it';
    return new ModelError('MODEL_DOWNLOAD_FAILED', `${said}: ${mend}.`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new TransientFailure(said, { waitMs: retryAfterMs(headers['retry-after']) });
  }
  return new ModelError('MODEL_DOWNLOAD_FAILED', `${said}, which was not expected. Check HF_ENDPOINT.`);
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
