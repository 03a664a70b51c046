/** A site of two processes over one store, and beside it the world that they ought to make. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { msgpack } from "../../src/codecs/msgpack.ts";
import {
  type Saved,
  type Session,
  type SessionInterface,
  type Store,
  type Sweepable,
  sessions,
} from "../../src/index.ts";
import type { ManualClock } from "../../src/testing/clock.ts";
import { Watched } from "./watched.ts";
import { type Data, TIMEOUTS, type Time, type Token, type World, endingAt, standing } from "./world.ts";

/** What sequences of commands are run on. */
export interface Ground {
  readonly store: Store & Partial<Sweepable>;
  readonly clock: ManualClock;
  readonly time: Time;
  /** How many sessions the store holds, where it is this run's alone. */
  count?(): Promise<number>;
}

/** A cookie as a browser has it. */
export interface Cookie extends Token {
  readonly text: string;
}

/** A browser: the cookie that it sends, and those that it had. */
export interface Jar {
  cookie: Cookie | undefined;
  readonly former: Cookie[];
}

type Sessions = SessionInterface<Record<string, unknown>>;

const NAME = "sid";
/** How far an engine that counts whole seconds may be off, in milliseconds. */
const GRACE = 2500;
const codec = msgpack();

export class Site {
  readonly jars: Jar[] = [0, 1, 2].map(() => ({ cookie: undefined, former: [] }));
  readonly ground: Ground;
  readonly store: Watched;
  world: World;
  /** Every id that was ever given. */
  readonly ids = new Set<string>();
  /** How many records were left behind by a failure, and nobody has their ids. */
  orphans = 0;
  /** Which key signs; it and the one before are good. */
  generation = 0;
  processes: Sessions[] = [];

  constructor(ground: Ground) {
    this.ground = ground;
    this.store = new Watched(ground.store);
    this.world = { now: ground.clock.now(), kept: new Map(), versions: 0 };
    this.restart();
  }

  /** The keys that are good, the current one first. */
  get keys(): number[] {
    return [this.generation, this.generation - 1];
  }

  /** Starts the processes anew, with the keys that are good now. */
  restart(): void {
    const [current = "", ...previous] = this.keys.map((n) => `k${n}-aVeryLongAndRandomKey_for-tests-only_42`);
    const { store, ground } = this;
    const open = (): Sessions =>
      sessions({ store, clock: ground.clock, keys: { current, previous }, timeouts: TIMEOUTS, storeTimeout: 30 });
    this.processes = [open(), open()];
  }

  advance(ms: number): void {
    this.ground.clock.advance(ms);
    this.world = { ...this.world, now: this.ground.clock.now() };
  }

  /** What a browser does with an answer. */
  receive(jar: Jar, { headers }: Saved): void {
    const line = lineOf(headers);
    if (line === undefined) return;
    if (jar.cookie) jar.former.push(jar.cookie);
    jar.cookie = line.includes("Max-Age=0") ? undefined : cookieOf(line, this.generation);
    if (jar.cookie) this.ids.add(jar.cookie.id);
  }

  /** Fails unless the store holds what the world does. */
  async check(ids: Iterable<string> = this.ids): Promise<void> {
    const { world, ground, orphans } = this;
    for (const id of ids)
      assert.deepEqual(await this.holds(id), expected(world, id, ground.time), `the record of ${id}`);
    const count = await ground.count?.();
    if (count === undefined) return;
    const known = [...world.kept.keys()].filter((id) => standing(world, id, ground.time)).length;
    assert.ok(count >= known && count <= known + orphans, `${count} records, of which ${known} are known`);
  }

  /** Looks when sessions end of which two ends would be right. */
  async settle(): Promise<void> {
    for (const [id, { orAt }] of this.world.kept) {
      const held = orAt === undefined ? undefined : await this.holds(id);
      if (held) this.world = endingAt(this.world, id, held.expiresAt);
    }
  }

  /** What the store holds for an id. */
  async holds(id: string): Promise<Held | undefined> {
    const { store, time, clock } = this.ground;
    const entry = await store.read(keyOf(id));
    if (!entry) return undefined;
    const data = codec.decode(entry.value) as Map<string, unknown>;
    const createdAt = data.get("_createdAt");
    for (const ours of ["_createdAt", "_u~"]) data.delete(ours);
    const { expiresAt = clock.now(), orAt = expiresAt } = standing(this.world, id, time) ?? {};
    const near = [expiresAt, orAt].find((at) => time === "engine" && Math.abs(entry.expiresAt - at) < GRACE);
    return { data: Object.fromEntries(data), createdAt, expiresAt: near ?? entry.expiresAt };
  }
}

interface Held {
  data: Data;
  createdAt: unknown;
  expiresAt: number;
}

function expected(world: World, id: string, time: Time): Held | undefined {
  const found = standing(world, id, time);
  return found && { data: found.data, createdAt: found.createdAt, expiresAt: found.expiresAt };
}

/** What the store knows an id by. */
export function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}

/** What the application sees in a session. */
export function dataIn(session: Session<Record<string, unknown>>): Data {
  const id = session.get("id");
  const seen: Record<string, unknown> = { ...session };
  return id === undefined ? seen : { ...seen, id };
}

/** The `Cookie` header with which a browser brings these. */
export function headerOf(cookies: readonly { readonly text: string }[]): string | undefined {
  return cookies.length === 0 ? undefined : cookies.map(({ text }) => `${NAME}=${text}`).join("; ");
}

export function lineOf(headers: Saved["headers"]): string | undefined {
  const lines = headers.filter(([name]) => name === "Set-Cookie").map(([, line]) => line);
  assert.ok(lines.length < 2, "more than one cookie is set");
  return lines[0];
}

/** The cookie that a line sets. */
export function cookieOf(line: string, key: number): Cookie {
  const text = line.slice(NAME.length + 1, line.indexOf(";"));
  return { text, id: text.slice(0, text.lastIndexOf(".")), key };
}
