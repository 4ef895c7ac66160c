import type { IncomingHttpHeaders } from 'node:http';
import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { ModelError } from '../../errors.ts';
import type { HubSettings } from '../environment.ts';
import { retried, waitForReal, type Wait } from './retry.ts';
import { statusFailure } from './status.ts';
import { TransientFailure } from './transient.ts';

/** A machine without a network must find out fast, so that the next source is tried. */
const connectTimeoutMs = 3000;
const firstAnswerTimeoutMs = 5000;
const headersTimeoutMs = 30_000;
const bodyTimeoutMs = 30_000;
const mostRedirects = 5;

/** An answer with status 200, 206 or 416, after redirects. The body must be read or destroyed. */
export interface HubResponse {
  readonly status: number;
  readonly body: Dispatcher.ResponseData['body'];
  /** Of the last hop. */
  readonly headers: IncomingHttpHeaders;
  /** Of all hops, the first that has it wins: `x-linked-etag` comes with the redirect to the storage host. */
  readonly stated: (name: string) => string | undefined;
}

/** Talks to one hub: proxies from the environment, redirects, statuses to errors. */
export class HubClient implements AsyncDisposable {
  readonly settings: HubSettings;
  readonly wait: Wait;
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: connectTimeoutMs } });
  #reached = false;

  constructor(settings: HubSettings, wait: Wait = waitForReal) {
    this.settings = settings;
    this.wait = wait;
  }

  async json(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    return retried(
      `Asking ${this.settings.endpoint}${path}`,
      async () => {
        const { body } = await this.open(path, {}, signal);
        return this.#translated(async () => body.json());
      },
      { wait: this.wait, signal },
    );
  }

  /** Throws `TransientFailure` for what may pass, else `ModelError`. */
  async open(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HubResponse> {
    let url = new URL(this.settings.endpoint + path);
    let token = this.settings.token;
    const hops: IncomingHttpHeaders[] = [];
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const response = await this.#send(url, headers, token, signal);
      hops.push(response.headers);
      const location = response.headers['location'];
      if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
        await response.body.dump().catch(() => undefined);
        const next = redirected(url, location);
        // The storage host is another party: the token is not its business.
        token = next.origin === url.origin ? token : undefined;
        url = next;
        continue;
      }
      if (response.statusCode === 200 || response.statusCode === 206 || response.statusCode === 416) {
        return {
          status: response.statusCode,
          body: response.body,
          headers: response.headers,
          stated: (name) => hops.map((each) => each[name]).find((value) => typeof value === 'string'),
        };
      }
      await response.body.dump().catch(() => undefined);
      throw statusFailure(response.statusCode, response.headers, url, this.settings.token !== undefined);
    }
    throw new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `${this.settings.endpoint}${path} redirects more than ${mostRedirects} times.`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(
    url: URL,
    headers: Readonly<Record<string, string>>,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Dispatcher.ResponseData> {
    return this.#translated(async () => {
      const response = await request(url, {
        dispatcher: this.#agent,
        headers: {
          'user-agent': 'warpmap',
          // Lengths and ranges are of the file's own bytes.
          'accept-encoding': 'identity',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        headersTimeout: this.#reached ? headersTimeoutMs : firstAnswerTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      this.#reached = true;
      return response;
    }, signal);
  }

  /** A failure of the connection: passing once the hub has answered, final before that. */
  async #translated<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      const reason = reasonOf(error);
      if (this.#reached) {
        throw new TransientFailure(reason, { cause: error });
      }
      throw new ModelError(
        'MODEL_DOWNLOAD_FAILED',
        `${this.settings.endpoint} can't be reached (${reason}). Check the network, HF_ENDPOINT and HTTPS_PROXY, or copy the model's folder here and name it by its path.`,
        { cause: error },
      );
    }
  }
}

function redirected(from: URL, location: string): URL {
  const next = URL.parse(location, from.href);
  if (next === null || !/^https?:$/.test(next.protocol) || (from.protocol === 'https:' && next.protocol === 'http:')) {
    throw new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `${from.origin} redirects to ${JSON.stringify(location)}, which is not followed.`,
    );
  }
  return next;
}

/** A connection tried over several addresses fails with an empty message; the code then says what happened. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
