/** What sessions are read from: a store of ours, one for express-session, or anything that lists entries. */
import { parse } from "node:path";
import { ask, isAbsence } from "../../connect-store.ts";
import { SessionError } from "../../errors.ts";
import type { Entry, Listable, Store } from "../../store.ts";
import { hasMethods } from "../config.ts";

/** One record of the old store. */
export interface Found {
  readonly key: string;
  /** `undefined` when it has gone. Rejects with a `SyntaxError` for what cannot be read. */
  read(): Promise<Entry | undefined>;
}

/** Where sessions are read from. */
export interface Source extends Partial<Pick<Store, "read" | "delete">> {
  list(): AsyncIterable<Found>;
}

/** A source in what a module exports under `name`. Throws `CONFIG` where it is none. */
export function sourceIn(name: string, given: unknown, lifetime: number): Source {
  if (hasMethods(given, ["list"]) && !hasMethods(given, ["get", "set", "destroy"])) {
    return overListable(given as Listable & Partial<Store>);
  }
  if (!hasMethods(given, ["get", "destroy"]) || !LISTERS.some((lister) => hasMethods(given, [lister]))) {
    throw new SessionError(
      "CONFIG",
      `${name} lists no sessions; give a store that has list(), one for express-session that has ids() or all(), ` +
        "or an object whose list() yields [key, { value, expiresAt }]",
    );
  }
  return overConnect(name, given as object, lifetime);
}

function overListable(store: Listable & Partial<Store>): Source {
  return {
    async *list() {
      for await (const [key, entry] of store.list()) yield { key, read: async () => entry };
    },
    ...(store.read && { read: store.read.bind(store) }),
    ...(store.delete && { delete: store.delete.bind(store) }),
  };
}

/** How stores for express-session tell what they hold: ids, names of files, sessions by id or with their ids. */
const LISTERS = ["ids", "list", "all"] as const;

function overConnect(name: string, store: object, lifetime: number): Source {
  const read = async (id: string) => entryOf(await ask(store, "get", id).catch(absent), lifetime);
  return {
    read,
    async delete(id) {
      const wasThere = (await read(id)) !== undefined;
      await ask(store, "destroy", id);
      return wasThere;
    },
    async *list() {
      for (const key of await idsIn(name, store)) yield { key, read: () => read(key) };
    },
  };
}

async function idsIn(name: string, store: object): Promise<string[]> {
  const lister = LISTERS.find((each) => hasMethods(store, [each])) ?? "all";
  const told = (await ask(store, lister)) ?? [];
  if (!Array.isArray(told)) return Object.keys(told);
  const ids = told.map((each: unknown) => {
    if (typeof each === "string") return lister === "list" ? parse(each).name : each;
    return (each as { id?: unknown } | null)?.id;
  });
  if (ids.every((id) => typeof id === "string")) return ids;
  throw new SessionError(
    "CONFIG",
    `${name} lists sessions without their ids; give an object whose list() yields [id, { value, expiresAt }]`,
  );
}

/** A session as its JSON. One that ends with the browser lives for `lifetime` from now on. */
function entryOf(session: unknown, lifetime: number): Entry | undefined {
  if (session === undefined || session === null) return undefined;
  const { cookie } = session as { cookie?: { expires?: unknown; _expires?: unknown } };
  const expires = cookie?.expires ?? cookie?._expires;
  const told = expires instanceof Date ? Number(expires) : Date.parse(String(expires));
  const expiresAt = Number.isNaN(told) ? Date.now() + lifetime * 1000 : told;
  return expiresAt > Date.now() ? { value: Buffer.from(JSON.stringify(session)), expiresAt } : undefined;
}

function absent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}
