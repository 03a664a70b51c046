import { SessionError } from "../errors.ts";
import { inheritShape } from "./shapes.ts";

/**
 * The data of a session between bytes and JavaScript: its top-level keys in their order. Keys that are no text exist
 * only where another program wrote them.
 */
export type Data = Map<unknown, unknown>;

/** Turns session data into bytes and back. */
export interface Codec {
  /** Throws `DATA` for a value that it cannot carry, naming its top-level key. */
  encode(data: Data): Uint8Array;
  /** `undefined` for an entry that holds nothing; throws any error for bytes that are no session of this codec. */
  decode(bytes: Uint8Array): Data | undefined;
}

/** What a codec refuses: told without the value, which may be a secret. */
export class Unencodable extends Error {}

/** No deeper than this: Python's own limit, and the end of a value that contains itself. */
export const MAX_DEPTH = 1000;

/** What a value beyond `MAX_DEPTH` is told as. */
export function tooDeep(): Unencodable {
  return new Unencodable(`it is nested deeper than ${MAX_DEPTH} levels or contains itself`);
}

/** Runs `encode` for each entry, so that what it refuses is told with the entry's key. */
export function forEachEntry(data: Data, encode: (key: unknown, value: unknown) => void): void {
  for (const [key, value] of data) {
    try {
      encode(key, value);
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error;
      throw new SessionError("DATA", `session key ${JSON.stringify(String(key))} cannot be saved: ${error.message}`);
    }
  }
}

/** What a value of no known type is told as. */
export function unsupported(value: unknown): Unencodable {
  const kind = typeof value === "object" && value !== null ? `an instance of ${className(value)}` : typeof value;
  return new Unencodable(
    `it holds ${kind}; keep plain data (text, numbers, booleans, null, arrays, objects, dates, bytes)`,
  );
}

function className(value: object): string {
  const maker: unknown = value.constructor;
  return typeof maker === "function" && maker.name !== "" ? maker.name : "a class";
}

/** Whether a value is an object written with braces, and no instance of a class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A decoded root as session data, as Flask takes it: a map is itself, null is nothing, what Python calls false is an
 * empty map, a list of pairs is a map. Throws for anything else.
 */
export function dataOf(root: unknown): Data | undefined {
  if (root === null) return undefined;
  if (root instanceof Map) return root;
  if (isFalsy(root)) return new Map();
  if (typeof root === "object" && isPlainObject(root)) return mapFrom(root);
  if (!Array.isArray(root)) throw new TypeError("the root is no map");
  return new Map(root.map(pairOf));
}

/** Whether Python calls a value false; an empty list is one of no pairs. */
function isFalsy(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return value === "" || value === false || value === 0 || value === 0n;
}

function mapFrom(object: object): Data {
  const data: Data = new Map(Object.entries(object));
  inheritShape(object, data);
  return data;
}

function pairOf(item: unknown): [unknown, unknown] {
  const pair: unknown = typeof item === "string" ? Array.from(item) : item;
  if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError("the root is a list, but not of pairs");
  return [pair[0], pair[1]];
}
