/** One address at which first the old application serves, and then ours: what a browser meets at a deploy. */
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import { session as nodeSession } from "../../src/adapters/node.ts";
import { type AdoptingOptions, adopting } from "../../src/core/adopting.ts";
import { type SessionsOptions, sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { type Browser, type Page, browser } from "../../src/testing/browser.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { listen } from "../adapters/servers.ts";
import { CountingStore, KEY } from "../core/helpers.ts";

export type Data = Record<string, unknown>;
/** The ways of both applications: `/login` as ada, `/count`, `/logout`; each answers with the data. */
export type Old = RequestListener;

/** What the handlers of an old application do, whatever it makes of sessions. */
export function act(path: string | undefined, session: Data): string {
  if (path === "/login") Object.assign(session, { user: "ada", cart: ["tea"] });
  if (path === "/regenerate") (session as { regenerate?(): void }).regenerate?.();
  if (path === "/count") session["count"] = Number(session["count"] ?? 0) + 1;
  return JSON.stringify({ user: session["user"], cart: session["cart"], count: session["count"] });
}

const open: { close(): unknown }[] = [];

/** Closes all servers: for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0)) await one.close();
}

/** Years after every test. */
const UNTIL = new Date(Date.UTC(2100, 0, 1));

export interface SiteOptions extends Partial<SessionsOptions> {
  readers: AdoptingOptions["readers"];
  until?: Date;
}

/** Our application in place of an old one. */
export async function site({ readers, until = UNTIL, ...options }: SiteOptions) {
  const clock = manualClock(Date.now());
  const store = new CountingStore(memoryStore({ clock }));
  const kind = sessions<Data>({ store, clock, keys: { current: KEY }, ...options });
  const ours = appOver(adopting(kind, { readers, until, clock }));
  const { visitor, old } = await address(ours);
  return { clock, store, visitor, old };
}

/** An address that a listener of ours serves, unless `old` is asked for. */
async function address(ours: RequestListener) {
  const served: { by: RequestListener } = { by: ours };
  const server = await listen((req, res) => served.by(req, res));
  open.push(server);
  return {
    visitor: () => browser(server.url),
    /** Serves by the old application for as long as `during` takes. */
    async old<Result>(application: Old, during: () => Promise<Result>): Promise<Result> {
      served.by = application;
      return during().finally(() => (served.by = ours));
    },
  };
}

/** The handlers over our sessions. */
function appOver(over: ReturnType<typeof adopting<Data>>): RequestListener {
  return nodeSession(over, (req, res) => {
    const { session } = req as unknown as { session: Data & { destroy(): void; clear(): void } };
    if (req.url === "/logout") session.destroy();
    res.end(req.url === "/logout" ? "{}" : act(req.url, session));
  });
}

/** Somebody who has logged in at the old application, and the cookies that they got there. */
export async function loggedIn(
  { visitor, old }: Pick<Awaited<ReturnType<typeof address>>, "visitor" | "old">,
  application: Old,
): Promise<{ ada: Browser; former: string }> {
  const ada = visitor();
  await old(application, () => ada.visit("/login"));
  const former = ada.cookies();
  if (former === undefined) throw new Error("the old application set no cookie");
  return { ada, former };
}

/** Who a page says is logged in. */
export function userOf(page: Page): unknown {
  if (page.status !== 200) throw new Error(`status ${page.status}: ${page.text}`);
  return dataOf(page)["user"];
}

export function dataOf(page: Page): Data {
  return JSON.parse(page.text) as Data;
}

/** The ids that pages gave to the browser, each once. */
export function idsIn(pages: readonly Page[]): Set<string | undefined> {
  return new Set(pages.map(({ setCookies }) => setCookies.find((line) => line.startsWith("sid="))?.split(";")[0]));
}

/** The same cookies, each of which is changed in one place of its value. */
export function* forgeriesOf(cookies: string): Generator<string> {
  for (let at = cookies.indexOf("=") + 1; at < cookies.length; at += 7) {
    const char = cookies[at] ?? "";
    if (/[A-Za-z0-9]/.test(char)) yield cookies.slice(0, at) + (char === "A" ? "B" : "A") + cookies.slice(at + 1);
  }
}

/** Nonsense in place of a cookie's value. */
export const NONSENSE = [
  "",
  ".",
  "%",
  "%00",
  "*******",
  "Fe26.2*******",
  "s:",
  "s%3A.",
  ";",
  "a.b",
  "bnVsbA==",
  "x".repeat(4000),
  randomBytes(300)
    .toString("latin1")
    .replaceAll(/[^\x21-\x7e]|[;,]/g, ""),
];

/** Lets `count` parties go on at the same time. */
export function barrier(count: number): () => Promise<void> {
  let waiting = 0;
  const { promise, resolve } = withResolvers();
  return () => {
    if (++waiting === count) resolve();
    return promise;
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
