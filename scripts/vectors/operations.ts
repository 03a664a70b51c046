import { isPlainObject } from "../../src/codecs/codec.ts";
import type { Session } from "../../src/core/session.ts";
import { stateOf } from "../../src/core/state.ts";
import { SessionError } from "../../src/errors.ts";
import { fromNotation, withoutPythonOnly } from "./notation.ts";

/** An operation of Python on the session, with what it is given. */
export type Operation = readonly [name: string, ...given: unknown[]];

type Data = Record<string, unknown>;

/** Raised by a handler on purpose. */
class HandlerFailed extends Error {}

interface Handling {
  status: number;
  results: unknown[];
}

/** Does operations in turn, as a handler would: each one's result is kept, and an error that Python would catch too. */
export async function operate(
  session: Session<Data>,
  ops: readonly Operation[],
  handling: Handling,
  inner: (op: Operation) => Promise<unknown>,
): Promise<void> {
  for (const op of ops) {
    if (op[0] === "raise") throw new HandlerFailed("handler failed");
    if (op[0] === "abort") {
      handling.status = op[1] as number;
      return;
    }
    handling.results.push(op[0] === "inner" ? await inner(op) : copyOf(attempt(session, op)));
  }
}

/** A result as it is now, whatever later operations do to the session. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null || !isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
}

function attempt(session: Session<Data>, op: Operation): unknown {
  try {
    return perform(session, op) ?? null;
  } catch (error) {
    if (error instanceof KeyError) return raised("KeyError", `'${error.message}'`);
    if (error instanceof SessionError && error.code === "READ_ONLY") return raised("RuntimeError", error.message);
    throw error;
  }
}

function raised(type: string, message: string): unknown {
  return { $raises: type, message };
}

/** JavaScript has none: what Python answers a missing key with. */
class KeyError extends Error {}

function perform(session: Session<Data>, [name, ...given]: Operation): unknown {
  const [key, value] = given as [string, unknown];
  const data = session as Data;
  switch (name) {
    case "get":
      return session.get(key);
    case "get_default":
      return session.get(key, value);
    case "get_item":
      return present(session, key).get(key);
    case "set":
      data[key] = storable(session, value);
      return undefined;
    case "delete":
      return removed(session, key, () => {
        delete data[key];
      });
    case "pop":
      return removed(session, key, () => session.pop(key));
    case "pop_default":
      return session.pop(key, fromNotation(value));
    case "popitem": {
      const last = Object.keys(session).at(-1) ?? "popitem(): dictionary is empty";
      return [last, removed(session, last, () => session.pop(last))];
    }
    case "clear":
      return session.clear();
    case "update":
      // `dict.update` counts as a change, and as a write, even with nothing to change.
      stateOf(session).assertWritable();
      Object.assign(session, fromNotation(key));
      session.modified = true;
      return undefined;
    case "setdefault":
      return session.setDefault(key, storable(session, value));
    case "contains":
      return key in session;
    case "len":
      return Object.keys(session).length;
    case "bool":
      return Object.keys(session).length > 0;
    case "keys":
    case "iter":
      return Object.keys(session);
    case "values":
      return Object.values(session);
    case "dict":
      return { ...session };
    case "list_append":
      (session.get(key) as unknown[]).push(fromNotation(value));
      return undefined;
    case "nested_set":
      (session.get(key) as Data)[value as string] = fromNotation(given[2]);
      return undefined;
    default:
      return control(session, name, given);
  }
}

function control(session: Session<Data>, name: string, given: readonly unknown[]): unknown {
  switch (name) {
    case "set_permanent":
      session.permanent = given[0] === true;
      return undefined;
    case "get_permanent":
      return session.permanent;
    case "set_modified":
      session.modified = given[0] === true;
      return undefined;
    case "get_modified":
      return session.modified;
    case "get_accessed":
      return session.accessed;
    case "get_new":
      // Flask's `new` is always false.
      return session.isNew && false;
    case "flash":
      return session.flash(fromNotation(given[0]), given[1] as string | undefined);
    case "flashes":
      return session.takeFlashes({ withCategories: true });
    case "regenerate":
      return session.regenerate();
    case "sid":
      return session.id;
    default:
      throw new Error(`no operation is called ${name}`);
  }
}

/** What Python answers the removal of a missing key with, where it can be written to at all. */
function removed(session: Session<Data>, key: string, remove: () => unknown): unknown {
  const known = Object.hasOwn(session, key);
  const value = remove();
  if (!known) throw new KeyError(key);
  return value;
}

function present(session: Session<Data>, key: string): Session<Data> {
  if (!Object.hasOwn(session, key)) throw new KeyError(key);
  return session;
}

/**
 * A value as a handler would set it. What JavaScript has no type for goes in as the text that msgspec writes, where a
 * store's codec is to carry it; the signed cookie cannot.
 */
function storable(session: Session<Data>, value: unknown): unknown {
  return fromNotation(session.id === "" ? value : withoutPythonOnly(value));
}
