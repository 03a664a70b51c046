/** Sessions that machines share whose clocks differ. */
import { type SessionInterface, sessions } from "../../src/index.ts";
import { PLACES } from "./places.ts";

/** In seconds. */
export const IDLE = 30 * 60;

interface Visit {
  count: number;
}

/** A machine's sessions at a place, by its own clock. */
export async function visitsAt(place: string, address: string) {
  const opened = await PLACES[place]?.open(address);
  if (!opened) throw new Error(`there is no place of the name ${place}`);
  const { store, close } = opened;
  const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
  const timeouts = { idle: IDLE, absolute: 10 * IDLE };
  const visits = sessions<Visit>({ store, keys, timeouts, storeTimeout: 30 });
  return { visits, store: store, close };
}

/** Counts in a session, which is begun without a cookie. */
export async function countIn(visits: SessionInterface<Visit>, cookie: string | undefined) {
  const session = await visits.open({ cookie, secure: false });
  session.update("count", (count) => (count ?? 0) + 1);
  const { headers } = await visits.save(session);
  const field = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0];
  return { cookie: field ?? cookie ?? "", id: session.id, count: session.get("count", 0) };
}
