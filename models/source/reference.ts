import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '../errors.ts';
import { knownModel, knownModels, knownRepository, type KnownModel } from '../registry.ts';

export interface HubReference {
  /** `organisation/name`. */
  readonly repository: string;
  /** A branch, tag or commit. */
  readonly revision: string;
}

export type Reference =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'known'; readonly model: KnownModel }
  | { readonly kind: 'hub'; readonly hub: HubReference; readonly model: KnownModel | undefined };

const hubPattern = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w./-]*))?$/;

/**
 * Tells what a reference names: a path (absolute, or beginning with `.` or `~`), a known short name, a folder below
 * `cwd` that holds a model, or a repository of the hub; in this order.
 */
export function parseReference(reference: string, cwd: string): Reference {
  if (typeof reference !== 'string' || reference === '') {
    throw new ModelError('MODEL_NOT_FOUND', `Expected a model's name or folder, got ${JSON.stringify(reference)}.`);
  }
  if (reference.startsWith('file:')) {
    return { kind: 'folder', path: fileURLToPath(reference) };
  }
  if (isAbsolute(reference) || /^\.{1,2}([/\\]|$)/.test(reference)) {
    return { kind: 'folder', path: resolve(cwd, reference) };
  }
  if (/^~([/\\]|$)/.test(reference)) {
    return { kind: 'folder', path: join(homedir(), reference.slice(1)) };
  }
  const model = knownModel(reference);
  if (model !== undefined) {
    return { kind: 'known', model };
  }
  if (existsSync(resolve(cwd, reference, 'config.json')) || existsSync(resolve(cwd, reference, 'modules.json'))) {
    return { kind: 'folder', path: resolve(cwd, reference) };
  }
  const [, repository, revision = 'main'] = hubPattern.exec(reference) ?? [];
  if (repository === undefined || reference.includes('..')) {
    throw new ModelError(
      'MODEL_NOT_FOUND',
      `No model is called ${JSON.stringify(reference)}. Expected a folder (./model), \`organisation/name[@revision]\` on the hub, or one of: ${knownModels.map(({ name }) => name).join(', ')}.`,
    );
  }
  return { kind: 'hub', hub: { repository, revision }, model: knownRepository(repository) };
}
