/** Where races are run: one server, its Redis and the gate; and the visitors who come there. */
import { type Browser, type Page, browser } from "../../src/testing/browser.ts";
import type { Shuffle } from "./dice.ts";
import type { Gate } from "./gate.ts";
import type { Host } from "./peers.ts";

export interface Place {
  readonly host: Host;
  readonly gate: Gate;
  readonly shuffle: Shuffle;
}

/** Somebody with a browser, and the cookie that a login gave. */
export interface Visitor {
  readonly browser: Browser;
  readonly cookie: string;
}

/** What `/read` shows. */
export interface Shown {
  user: string | null;
  count: number;
  keys: number;
}

export async function logIn({ host }: Place): Promise<Visitor> {
  const visitor = browser(host.url);
  const { status } = await visitor.visit("/login", { method: "POST" });
  const cookie = visitor.cookies();
  if (status !== 200 || cookie === undefined) throw new Error(`a login was answered with ${status} and ${cookie}`);
  return { browser: visitor, cookie };
}

export function crowd(place: Place, count: number): Promise<Visitor[]> {
  return Promise.all(Array.from({ length: count }, () => logIn(place)));
}

/** What a session holds, asked with the cookie of the jar or with another. */
export async function read(visitor: Visitor, cookie = visitor.browser.cookies()): Promise<Shown> {
  const page = await visitor.browser.visit("/read", { cookie: cookie ?? "" });
  if (page.status !== 200) throw new Error(`a page was answered with ${page.status}`);
  return JSON.parse(page.text) as Shown;
}

/** A request whose handler stands at the gate. */
export interface Held {
  letGo(): void;
  readonly answer: Promise<Page>;
}

/** Sends requests; resolves when all their handlers have their session and stand at the gate. */
export async function hold(
  { gate }: Place,
  asked: readonly { visitor: Visitor; method?: string; path: string }[],
): Promise<Held[]> {
  const tickets = gate.tickets(asked.length);
  const answers = asked.map(({ visitor, method = "POST", path }, at) =>
    visitor.browser.visit(`${path}?hold=${tickets[at]}`, { method, cookie: visitor.cookie }),
  );
  const tooEarly = Promise.race(answers).then(({ status, text }) => {
    throw new Error(`a handler did not wait at the gate but answered ${status}: ${text}`);
  });
  await Promise.race([gate.holds(tickets), tooEarly]);
  return tickets.map((ticket, at) => ({ letGo: () => gate.letGo(ticket), answer: answers[at] as Promise<Page> }));
}

/** Lets them all go on, in a random order and without waiting for one before the next. */
export async function letAllGo({ shuffle }: Place, held: readonly Held[]): Promise<Page[]> {
  for (const { letGo } of shuffle(held)) letGo();
  return Promise.all(held.map(({ answer }) => answer));
}
