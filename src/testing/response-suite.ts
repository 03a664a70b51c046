/**
 * What each kind of response carries after each thing that a handler may do with its session, as tests over a real server:
 * one table of kinds, one of acts. Whatever else is in a response has to be as in one for which nobody used a session.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Session } from "../core/session.ts";
import type { Verb } from "../store.ts";
import {
  type AdapterKit,
  type Answer,
  type Handler,
  type KitData,
  type Kind,
  deferred,
  onStage,
  rawVisit,
} from "./internal/adapter-stage.ts";
import { type Field, type WireAnswer, ask, valuesOf } from "./internal/wire.ts";

/** An adapter to be held against the tables. */
export interface ResponsesKit extends AdapterKit {
  /** Whether `serve` sends `Answer.hints`. Default: false. */
  hints?: boolean;
  /** Whether the framework itself answers 304 where the browser has what an `ETag` names. Default: false. */
  revalidates?: boolean;
  /** Whether what a handler throws is answered by the host behind the session, without its fields. Default: false. */
  throwsToHost?: boolean;
  /** Whether something else zips the bodies. Default: false. */
  zips?: boolean;
  /** Whether the server speaks HTTP/2, without TLS. Default: false. */
  http2?: boolean;
}

/** Holds an adapter against what each kind of response has to carry, with sessions in a store and in the cookie. */
export function testResponses(kit: ResponsesKit): void {
  for (const place of ["store", "cookie"] as const) {
    for (const [name, kind] of Object.entries(KINDS)) if (isFor(kind, kit)) testKind(kit, place, name, kind);
    testKind(kit, place, "500 that was thrown", thrown());
  }
  if (kit.http2 !== true) testAborts(kit);
}

/** What a response says of the session. */
type Said = "nothing" | "varies" | "sets" | "removes";

/** What a handler does with its session. */
interface Act {
  /** Whether the browser comes with a session. */
  begun: boolean;
  do(session: Session<KitData>): unknown;
  /** What is said of it, by where sessions keep their data. */
  says: Readonly<Record<Kind, Said>>;
  /** What is said where the handler threw. Default: `varies`. */
  saysThrown?: Act["says"];
}

const ACTS: Readonly<Record<string, Act>> = {
  new: { begun: false, do: (session) => (session["n"] = 1), says: { store: "sets", cookie: "sets" } },
  changed: { begun: true, do: (session) => (session["n"] = 2), says: { store: "varies", cookie: "sets" } },
  read: { begun: true, do: (session) => session["user"], says: { store: "varies", cookie: "varies" } },
  "read by nobody": { begun: false, do: (session) => session["user"], says: { store: "varies", cookie: "varies" } },
  regenerated: {
    begun: true,
    do: (session) => session.regenerate(),
    says: { store: "sets", cookie: "varies" },
    saysThrown: { store: "sets", cookie: "varies" },
  },
  destroyed: {
    begun: true,
    do: (session) => session.destroy(),
    says: { store: "removes", cookie: "removes" },
    saysThrown: { store: "removes", cookie: "removes" },
  },
};

/** Our own `Set-Cookie` line. */
const LINES: Readonly<Record<Said, string | undefined>> = {
  nothing: undefined,
  varies: undefined,
  sets: "sid=TOKEN; HttpOnly; Path=/; SameSite=Lax",
  removes: "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/; SameSite=Lax",
};

/** `Cache-Control` beside a cookie, by what it is without. */
const CACHE_CONTROLS: Readonly<Record<string, string>> = {
  "": "no-store",
  "public, max-age=60": "private, max-age=60",
  "private, max-age=60": "private, max-age=60",
};

/** A kind of response: what the handler answers, and what has to arrive. */
interface ResponseKind {
  answer(): Answer;
  /** Default: `GET`. */
  method?: string;
  /** What the browser sends along. */
  asks?: Readonly<Record<string, string>>;
  throws?: Error;
  /** Default: 200. */
  status?: number;
  /** Default: whatever arrives where nobody used the session. */
  body?: string;
  /** A member of the kit without which there is no such kind. */
  needs?: "hints" | "revalidates";
}

const OWN_COOKIES = [
  "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/",
  "b=2, 3; Expires=Fri, 02 Jan 2099 00:00:00 GMT; Path=/",
  "c=4; Expires=Sat, 03 Jan 2099 00:00:00 GMT; Path=/elsewhere",
];

const HINT = "</style.css>; rel=preload; as=style";

const KINDS: Readonly<Record<string, ResponseKind>> = {
  "200 with a text": { answer: () => ({ body: "Käse 🧀" }), body: "Käse 🧀" },
  "200 with bytes": { answer: () => ({ body: Buffer.from("one") }), body: "one" },
  "200 in pieces": { answer: () => ({ body: pieces() }), body: "onetwothree" },
  "200 to HEAD": { answer: () => ({ body: "one" }), method: "HEAD", body: "" },
  "204": { answer: () => ({ status: 204 }), status: 204, body: "" },
  "301": { answer: () => ({ status: 301, headers: [["Location", "/moved"]] }), status: 301 },
  "302": { answer: () => ({ status: 302, headers: [["Location", "/found"]] }), status: 302 },
  "304": {
    answer: () => ({ status: 304, headers: [["ETag", '"1"']] }),
    asks: { "If-None-Match": '"1"' },
    status: 304,
    body: "",
  },
  "304 by the framework": {
    answer: () => ({ headers: [["ETag", '"1"']], body: "one" }),
    asks: { "If-None-Match": '"1"' },
    status: 304,
    body: "",
    needs: "revalidates",
  },
  "403": { answer: () => ({ status: 403, body: "no" }), status: 403, body: "no" },
  "404": { answer: () => ({ status: 404, body: "nowhere" }), status: 404, body: "nowhere" },
  "200 after early hints": { answer: () => ({ hints: HINT, body: "one" }), body: "one", needs: "hints" },
  "200 with cookies of its own": {
    answer: () => ({ headers: OWN_COOKIES.map((line) => ["Set-Cookie", line]), body: "one" }),
    body: "one",
  },
  "200 for shared caches": {
    answer: () => ({
      headers: [
        ["Vary", "Accept, Origin"],
        ["Cache-Control", "public, max-age=60"],
      ],
      body: "one",
    }),
    body: "one",
  },
  "200 for one browser": {
    answer: () => ({ headers: [["Cache-Control", "private, max-age=60"]], body: "one" }),
    body: "one",
  },
};

async function* pieces(): AsyncGenerator<string> {
  for (const text of ["one", "two", "three"]) {
    await nextTurn();
    yield text;
  }
}

/** One error for all acts: pages that show where it was made are alike then. */
function thrown(): ResponseKind {
  return { answer: () => ({}), throws: new Error("on purpose"), status: 500 };
}

function isFor({ needs }: ResponseKind, kit: ResponsesKit): boolean {
  return needs === undefined || kit[needs] === true;
}

function testKind(kit: ResponsesKit, place: Kind, name: string, kind: ResponseKind): void {
  const pages = Object.fromEntries(Object.entries(ACTS).map(([act, { do: run }]) => [pathOf(act), pageOf(kind, run)]));
  const unused = { "/unused": pageOf(kind) };
  onStage(kit, place)(
    `says what it has to of a session with ${name}`,
    { pages: { ...pages, ...unused } },
    async (stage) => {
      const visit = (path: string, cookie?: string) => ask(stage.url, path, asking(kit, kind, cookie));
      const plain = await visit("/unused");
      assertPlain(kind, plain);
      for (const [act, { begun, ...told }] of Object.entries(ACTS)) {
        const cookie = begun ? cookieOf(await ask(stage.url, "/visit", asking(kit, {}))) : undefined;
        const answer = shown(await visit(pathOf(act), cookie), kit.zips);
        assert.deepEqual({ [act]: answer }, { [act]: saying(saidOf(kit, kind, told, place), shown(plain), kit.zips) });
      }
    },
  );
}

function saidOf(kit: ResponsesKit, { throws }: ResponseKind, act: Pick<Act, "says" | "saysThrown">, place: Kind): Said {
  if (!throws) return act.says[place];
  return kit.throwsToHost === true ? "nothing" : (act.saysThrown?.[place] ?? "varies");
}

function pathOf(act: string): string {
  return `/${act.replaceAll(" ", "-")}`;
}

function pageOf({ answer, throws }: ResponseKind, run?: Act["do"]): Handler {
  return async (session) => {
    await run?.(await session());
    if (throws) throw throws;
    return answer();
  };
}

function asking(kit: ResponsesKit, { method = "GET", asks }: Partial<ResponseKind>, cookie?: string) {
  const zipped = kit.zips === true && { "Accept-Encoding": "gzip" };
  return {
    method,
    headers: { ...asks, ...zipped, ...(cookie !== undefined && { cookie }) },
    http2: kit.http2 === true,
  };
}

function cookieOf(answer: WireAnswer): string {
  const [line = ""] = valuesOf(answer, "set-cookie");
  return line.split(";", 1).join();
}

/** Fails unless a response is what the handler asked for, and says nothing of a session. */
function assertPlain({ status = 200, body, needs, throws, answer }: ResponseKind, plain: WireAnswer): void {
  const { headers = [] } = answer();
  assert.equal(plain.status, status);
  if (body !== undefined) assert.equal(Buffer.from(plain.body).toString(), body);
  if (needs === "hints") assert.deepEqual(plain.hints, [HINT]);
  for (const [name, value] of headers)
    assert.ok(valuesOf(plain, name.toLowerCase()).join().includes(value), `no ${name}`);
  assert.deepEqual(
    valuesOf(plain, "set-cookie"),
    headers.filter(isCookie).map(([, value]) => value),
  );
  // An error of ours says so always.
  if (!throws)
    assert.deepEqual(
      valuesOf(plain, "vary").filter((text) => /cookie/i.test(text)),
      [],
    );
}

function isCookie([name]: Field): boolean {
  return name.toLowerCase() === "set-cookie";
}

/** A response as the tables have it. */
interface Shown {
  status: number;
  hints: readonly string[];
  setCookie: readonly string[];
  cacheControl: readonly string[];
  /** Several fields of that name are one. */
  vary: string;
  rest: readonly Field[];
  body: string;
}

const TABLED = new Set(["set-cookie", "cache-control", "vary", "date"]);

function shown(answer: WireAnswer, zips = false): Shown {
  const vary = valuesOf(answer, "vary").join(", ");
  return {
    status: answer.status,
    hints: answer.hints,
    setCookie: valuesOf(answer, "set-cookie").map((line) => line.replace(/^sid=[\w.-]{40,}/, "sid=TOKEN")),
    cacheControl: valuesOf(answer, "cache-control"),
    vary: zips ? sorted(vary) : vary,
    rest: answer.fields.filter(([name]) => !TABLED.has(name)).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    body: Buffer.from(answer.body).toString("latin1"),
  };
}

/** What zips puts its own before or after ours. */
function sorted(vary: string): string {
  return vary.split(", ").toSorted().join(", ");
}

/** What a response is that says this of the session, and is else as `plain`. */
function saying(said: Said, plain: Shown, zips = false): Shown {
  const line = LINES[said];
  const [cacheControl = ""] = plain.cacheControl;
  const isVaried = said === "nothing" || plain.vary.includes("Cookie");
  const vary = isVaried ? plain.vary : [plain.vary, "Cookie"].filter(Boolean).join(", ");
  return {
    ...plain,
    setCookie: [...plain.setCookie, ...(line === undefined ? [] : [line])],
    cacheControl: line === undefined ? plain.cacheControl : [CACHE_CONTROLS[cacheControl] ?? cacheControl],
    vary: zips ? sorted(vary) : vary,
  };
}

function testAborts(kit: ResponsesKit): void {
  const [changed, written] = [deferred(), deferred()];
  const left = deferred();
  const before = (verb: Verb) => verb === "update" && written.resolve();
  const slow: Handler = async (session) => {
    (await session())["user"] = "eve";
    changed.resolve();
    await left.promise;
    return { body: "one" };
  };
  const test = onStage(kit);

  test(
    "keeps what a handler did whose visitor has left",
    { pages: { "/slow": slow }, before },
    async ({ tab, url }) => {
      await tab.visit("/login");
      const { socket, end } = await rawVisit(url, "/slow", { cookie: tab.cookies() });
      await changed.promise;
      socket.destroy();
      await end;
      // The server hears of it before it answers somebody else.
      await tab.visit("/plain");
      left.resolve();
      await written.promise;
      assert.equal((await tab.visit("/who")).text, "eve");
    },
  );

  const gone = deferred();
  const stream: Handler = async (session) => {
    (await session())["user"] = "eve";
    return { body: endingAfter(gone.promise) };
  };
  test(
    "goes on when a visitor leaves in the middle of a body",
    { pages: { "/stream": stream } },
    async ({ tab, url }) => {
      await tab.visit("/login");
      const { socket, end, received } = await rawVisit(url, "/stream", { cookie: tab.cookies() });
      while (!received().includes("one")) await once(socket, "data");
      socket.destroy();
      await end;
      assert.equal((await tab.visit("/who")).text, "eve");
      gone.resolve();
      assert.equal((await tab.visit("/who")).text, "eve");
    },
  );
}

async function* endingAfter(sign: Promise<void>): AsyncGenerator<string> {
  yield "one";
  await sign;
  yield "two";
}
