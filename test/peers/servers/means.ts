/** What every server of ours is told by the script that starts it. */
import { createClient } from "redis";

/** `defaults` are a library's own; `best` is what its manual advises, and whatever option of its own helps here. */
export const isBest = process.env["SETTINGS"] === "best";

export const port = Number(process.argv[2]);

export const SECRET = "a secret of these races and of nothing else";

const limit = Number(process.env["CLIENT_TIMEOUT"]);

/** A connected client as it comes, or with a time limit where the script sets one. */
export const redis = await createClient({
  url: process.env["REDIS_URL"] ?? "",
  ...(limit > 0 && { socket: { socketTimeout: limit } }),
})
  .on("error", (error) => console.error(error))
  .connect();

/** Where each handler stands before it changes anything: until the script lets this one go on, if it holds it. */
export async function hold(ticket: unknown): Promise<void> {
  if (typeof ticket === "string") await (await fetch(`${process.env["GATE_URL"]}/${ticket}`)).text();
}

/** What a page shows of a session's data. */
export function shown(data: Readonly<Record<string, unknown>>): object {
  const keys = Object.keys(data).filter((name) => /^key\d/.test(name));
  return { user: data["user"] ?? null, count: data["count"] ?? 0, keys: keys.length };
}
