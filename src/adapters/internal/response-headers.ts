import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ResponseHeaders } from "../../core/headers.ts";

type Value = number | string | readonly string[];

/** Where header fields are set: a Node response, or what a framework has in front of it. */
export interface Fields {
  getHeaders(): Readonly<Record<string, Value | undefined>>;
  getHeader(name: string): Value | undefined;
  setHeader(name: string, value: Value): unknown;
  appendHeader(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
}

/** The header fields that a response has at one moment. */
export type Snapshot = readonly (readonly [name: string, value: Value])[];

/** The fields that are set now, to be put back by `restoreHeaders`. */
export function snapshotOf(response: Fields): Snapshot {
  return Object.entries(response.getHeaders()).map(([name, value = ""]) => {
    // `appendHeader` adds to the very array.
    return [name, Array.isArray(value) ? [...value] : value];
  });
}

/** Puts the fields of a snapshot in place of all that are set. */
export function restoreHeaders(response: Fields, snapshot: Snapshot): void {
  for (const name of Object.keys(response.getHeaders())) response.removeHeader(name);
  for (const [name, value] of snapshot) response.setHeader(name, value);
}

/** What a response says beside its status; nothing in HTTP/2, where Node warns of whoever asks. */
export function messageOf(response: ServerResponse): string | undefined {
  return hasMessage(response) ? response.statusMessage : undefined;
}

/** Sets the status. Without a message it says what Node has for it. */
export function setStatus(response: ServerResponse, statusCode: number, statusMessage?: string): void {
  Object.assign(response, { statusCode, ...(hasMessage(response) && { statusMessage }) });
}

function hasMessage({ req }: ServerResponse): boolean {
  return !(req.httpVersionMajor >= 2);
}

/** A response as `applyHeaders` sees it. A field that is there already is not added again. */
export function fieldsOf(response: Fields): ResponseHeaders {
  const all = (name: string) => [response.getHeader(name) ?? []].flat();
  return {
    get: (name) => (response.getHeader(name) === undefined ? undefined : all(name).join(", ")),
    set: (name, value) => void response.setHeader(name, value),
    append(name, value) {
      if (!all(name).includes(value)) response.appendHeader(name, value);
    },
  };
}

/**
 * Takes over what a call of `writeHead` sets, as Node would: the status, and the fields in place of those of the same
 * name. Gives what is left of the arguments.
 */
export function takeHead(response: ServerResponse, [status, reason, fields]: readonly unknown[]): unknown[] {
  const hasReason = typeof reason === "string";
  setFields(response, hasReason ? fields : (fields ?? reason));
  response.statusCode = status as number;
  return hasReason ? [status, reason] : [status];
}

/** `fields`: an object, an array of pairs, or one of names and values in turn, where a name may come twice. */
function setFields(response: ServerResponse, fields: unknown): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries((fields ?? {}) as OutgoingHttpHeaders)) {
      response.setHeader(name, value as Value);
    }
    return;
  }
  const pairs = Array.isArray(fields[0]) ? (fields as [string, string][]) : inPairs(fields as string[]);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) response.appendHeader(name, value);
}

function inPairs(flat: readonly string[]): [string, string][] {
  const names = flat.filter((_item, index) => index % 2 === 0);
  return names.map((name, index) => [name, flat[2 * index + 1] as string]);
}
