/** What a visitor is told while the store is slow, refuses or is frozen, and what a cache is told. Redis itself does it. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { browser } from "../../src/testing/browser.ts";
import { type Place, logIn } from "./place.ts";

export interface Answers {
  /** What had come of the answer to a change while its write was still waiting in the store. */
  readonly beforeSave: string;
  /** The answer to a change that the store refuses. */
  readonly failedChange: string;
  /** The answer to a login that the store refuses. */
  readonly failedLogin: string;
  /** `Vary` on a page for somebody who is logged in. */
  readonly vary: string;
  /** How many of `STRANGERS` who only read were given a cookie, and how many records were kept of them. */
  readonly strangers: { readonly cookies: number; readonly records: number };
}

/** How many come without a cookie and only read. */
export const STRANGERS = 20;

/** How many milliseconds a write waits in the store. */
const WAIT = 400;

/** A connection of the script's own to the Redis that the place has. */
export interface Control {
  sendCommand(command: string[]): Promise<unknown>;
}

export async function allAnswers(place: Place, redis: Control): Promise<Answers> {
  return {
    beforeSave: await whileSaving(place, redis),
    ...(await whileFull(place, redis)),
    vary: await varyOf(place),
    strangers: await strangers(place, redis),
  };
}

/** The session is loaded, then Redis lets no write through, then the handler goes on. */
async function whileSaving(place: Place, redis: Control): Promise<string> {
  const { cookie } = await logIn(place);
  const [ticket = ""] = place.gate.tickets(1);
  const answer = post(place, `/keys/1?hold=${ticket}`, cookie);
  await place.gate.holds([ticket]);
  await redis.sendCommand(["CLIENT", "PAUSE", "60000", "WRITE"]);
  try {
    place.gate.letGo(ticket);
    await aWriteWaits(redis);
    await sleep(WAIT);
    return answer.soFar() === "" ? "nothing" : described(answer.soFar());
  } finally {
    await redis.sendCommand(["CLIENT", "UNPAUSE"]);
    await answer.whole;
  }
}

async function aWriteWaits(redis: Control): Promise<void> {
  const end = Date.now() + 20_000;
  while (!/blocked_clients:[1-9]/.test((await redis.sendCommand(["INFO", "clients"])) as string)) {
    if (Date.now() > end) throw new Error("no write came to Redis");
    await sleep(5);
  }
}

/** Redis has no memory left: it refuses what writes a value, and takes what reads or deletes one. */
async function whileFull(place: Place, redis: Control): Promise<Pick<Answers, "failedChange" | "failedLogin">> {
  const { cookie } = await logIn(place);
  const [ticket = ""] = place.gate.tickets(1);
  const change = post(place, `/keys/1?hold=${ticket}`, cookie);
  await place.gate.holds([ticket]);
  await redis.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
  try {
    place.gate.letGo(ticket);
    const login = post(place, "/login");
    return { failedChange: described(await change.whole), failedLogin: described(await login.whole) };
  } finally {
    await redis.sendCommand(["CONFIG", "SET", "maxmemory", "0"]);
  }
}

async function varyOf(place: Place): Promise<string> {
  const { browser: visitor } = await logIn(place);
  return (await visitor.visit("/read")).headers.vary ?? "none";
}

async function strangers({ host }: Place, redis: Control): Promise<Answers["strangers"]> {
  const before = Number(await redis.sendCommand(["DBSIZE"]));
  const visits = Array.from({ length: STRANGERS }, () => browser(host.url).visit("/read"));
  const cookies = (await Promise.all(visits)).filter(({ setCookies }) => setCookies.length > 0).length;
  return { cookies, records: Number(await redis.sendCommand(["DBSIZE"])) - before };
}

/** An answer as it comes in, byte by byte. */
interface Incoming {
  soFar(): string;
  readonly whole: Promise<string>;
}

function post({ host }: Place, path: string, cookie = ""): Incoming {
  let text = "";
  const socket = connect(host.port, "127.0.0.1").setEncoding("latin1");
  socket.on("data", (more: string) => (text += more));
  const head = [`POST ${path} HTTP/1.1`, "Host: localhost", `Cookie: ${cookie}`, "Content-Length: 0"];
  socket.write(`${head.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  return { soFar: () => text, whole: once(socket, "close").then(() => text) };
}

/** Status, cookie, and whether all of the body is there. */
function described(answer: string): string {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? body.length);
  const part = body.length < length ? `, ${body.length} of ${length} bytes` : "";
  const cookie = /^set-cookie: [^=]+=[^;]/im.test(head) ? " with Set-Cookie" : "";
  return `${head.slice(9, 12)}${cookie}${part}`;
}
