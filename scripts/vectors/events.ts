import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EVENTS, type SessionEvent } from "../../src/events.ts";

/** Runs something and gives what it gave, with the events that it caused. */
export async function withEvents<Result>(run: () => Promise<Result>): Promise<[Result, SessionEvent[]]> {
  const events: SessionEvent[] = [];
  const listen = (event: unknown) => events.push(event as SessionEvent);
  subscribe(EVENTS, listen);
  try {
    return [await run(), events];
  } finally {
    unsubscribe(EVENTS, listen);
  }
}
