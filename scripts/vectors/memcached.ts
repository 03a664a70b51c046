import { flaskSession } from "../../src/flask/flask.ts";
import { type MemcachedClient, type OwnMemcachedClient, memcachedClient } from "../../src/stores/memcached.ts";
import { askMemcached } from "../engines/index.mjs";
import { type Verdict, compared } from "./differences.ts";
import { engineFor } from "./engine.ts";
import { entries } from "./entries.ts";
import type { Case, Entry, Suite, Tools } from "./suite.ts";

interface MemcachedEntry extends Entry {
  key?: string;
  ttl_left_after_set: number;
  flags: number;
  value_b64: string;
}

interface Expiry {
  lifetime_seconds: number;
  clock: number;
  expiry_argument: number;
}

interface ClientId extends Case {
  sid_from_cookie: string;
  result: string;
}

const { entries: entry, unencodable } = entries<MemcachedEntry>(async (example, tools) => {
  const { sid = "unencodable", key = `session:${sid}`, value_b64, flags, ttl_left_after_set: left } = example;
  const { client, ask } = await testMemcached(tools);
  await ask(`md ${key}`);
  return {
    config: { SESSION_TYPE: "memcached", SESSION_MEMCACHED: client, SESSION_KEY_PREFIX: key.slice(0, -sid.length) },
    put() {
      const value = Buffer.from(value_b64, "base64");
      return ask(`ms ${key} ${value.length} T1000 F${flags}\r\n${value.toString("latin1")}`);
    },
    async stored() {
      const [, found, seconds, value] =
        /^VA \d+ f(\d+) t(-?\d+)\r\n(.*)\r\n$/s.exec(await ask(`mg ${key} f t v`)) ?? [];
      if (value === undefined) return undefined;
      return [Buffer.from(value, "latin1").toString("base64"), Number(found), near(Number(seconds), left)];
    },
    written: [value_b64, flags, left],
  };
});

/** Flask-Session's items in memcached. A life of over 30 days is told as a Unix time, so the clock has to be memcached's. */
export const memcachedEntries: Suite = {
  engine: "memcached",
  groups: {
    entries: (example, tools) =>
      entry?.({ ...example, saved_at: Date.now() / 1000 } as Case, tools) as Promise<Verdict>,
    unencodable: (example, tools) => unencodable?.(example, tools) as Promise<Verdict>,
    expiry: (example, tools) => expiry(example as unknown as Expiry, tools),
    client_ids: (example, tools) => clientId(example as ClientId, tools),
  },
  nameOf: (example, group) => {
    const { name, lifetime_seconds } = example as Partial<Case & Expiry>;
    return `${group}/${name ?? lifetime_seconds}`;
  },
};

/** Memcached counts by its own seconds, so one may begin or end meanwhile. */
function near(seconds: number, expected: number): number {
  return Math.abs(seconds - expected) <= 1 ? expected : seconds;
}

/** The exptime that a client is handed for a lifetime. */
async function expiry({ lifetime_seconds, clock, expiry_argument }: Expiry, tools: Tools): Promise<Verdict> {
  if (lifetime_seconds < 1) return { notApplicable: "told at creation" };
  const { client } = await testMemcached(tools);
  const handed: number[] = [];
  const listening: MemcachedClient = {
    ...client,
    add: (key, value, exptime) => client.add(key, value, handed[handed.push(exptime) - 1] ?? 0),
  };
  const config = {
    SESSION_TYPE: "memcached",
    SESSION_MEMCACHED: listening,
    PERMANENT_SESSION_LIFETIME: lifetime_seconds,
  };
  const sessions = flaskSession(config, { clock: { now: () => clock * 1000 } });
  const session = await sessions.open({ cookie: undefined, secure: false });
  Object.assign(session, { user: "ada" });
  await sessions.save(session);
  return compared("exptime", handed, [expiry_argument]);
}

/** An id that nobody gave out is none. Where memcached cannot hold it, Python's clients answer 500. */
async function clientId({ sid_from_cookie, result }: ClientId, tools: Tools): Promise<Verdict> {
  const { client } = await testMemcached(tools);
  const sessions = flaskSession({ SESSION_TYPE: "memcached", SESSION_MEMCACHED: client });
  const session = await sessions.open({ cookie: `session=${quoted(sid_from_cookie)}`, secure: false });
  if (!session.isNew) return compared(result, "found", "new-session");
  return result === "new-session" ? compared(result, session.isNew, true) : { notApplicable: "impossible ids" };
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[^ !#-+\--:<-[\]-~]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}

interface TestMemcached {
  client: OwnMemcachedClient;
  /** What memcached answers to a command, past the package: text whose characters are bytes. */
  ask(command: string): Promise<string>;
  close(): Promise<void>;
}

function testMemcached(tools: Tools): Promise<TestMemcached> {
  return tools.once("memcached", async () => {
    const { server, stop } = await engineFor("memcached");
    const client = memcachedClient(server);
    return {
      client,
      ask: (command) => askMemcached(server, command),
      close() {
        client.close();
        return stop();
      },
    };
  });
}
