/** A function as clients name it, `app/function` or `app/function@3`. */
export interface Versioned {
  readonly name: string;
  /** Of a deployed app. Default: the one that is current. */
  readonly version?: number;
}

/** Names have no `@`, so what comes after one is a version; what is no whole number from 1 up stays part of the name. */
export function parseVersioned(text: string): Versioned {
  const { name, version } = /^(?<name>[^@]+)@(?<version>[1-9]\d{0,8})$/v.exec(text)?.groups ?? {};
  return name === undefined ? { name: text } : { name, version: Number(version) };
}

export function versioned({ name, version }: Versioned): string {
  return version === undefined ? name : `${name}@${version}`;
}
