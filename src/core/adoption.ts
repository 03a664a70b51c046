import type { Data } from "../codecs/codec.ts";
import { SessionError } from "../errors.ts";
import { report } from "../events.ts";
import type { Former, FormerContent } from "../former.ts";
import type { OpenRequest } from "./interface.ts";
import type { Kind } from "./interfaces/kind.ts";
import type { DeclaredData, Session } from "./session.ts";

/** The store's key of what ends an adopted session's origin; absent where that leads to the session itself. */
export const ORIGIN_KEY = "_originKey";

/** What sessions can do with those of another library. Instants are epoch milliseconds. */
export interface Adoption<T extends object = DeclaredData> {
  /** Our session in place of another library's; a new one where that is over. Rejects with `STORE`. */
  adopt(request: OpenRequest, former: Former, until: number): Promise<Session<T>>;
  /** Has none of them read again, nor what the session was adopted from, since it has ended. Rejects with `STORE`. */
  bury(session: Session<T>, formers: readonly Former[], until: number): Promise<void>;
}

/** Another library's data as ours; `undefined` for none. */
export function dataFrom({ habits }: Kind, content: FormerContent, now: number): Data | undefined {
  const data = habits.begin(now);
  for (const [key, value] of Object.entries(content.data)) {
    if (!habits.isOurs(key) && key !== "_permanent") data.set(key, value);
  }
  if (habits.isEmpty(data)) return undefined;
  if (content.permanent) data.set("_permanent", true);
  return data;
}

/** The bytes of data that was not made for our codecs; `undefined` for what they cannot carry, and an event tells. */
export function encoded({ codec }: Kind, data: Data): Uint8Array | undefined {
  try {
    return codec.encode(data);
  } catch (error) {
    report({ type: "unreadable", reason: error instanceof SessionError ? error.code : "unknown" });
    return undefined;
  }
}
