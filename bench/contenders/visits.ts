/** The sessions of the two flagon contenders. */
import { type SessionInterface, type Store, sessions } from "flagon";
import type { Visit } from "../scenarios.ts";

/** What is in a session; `key1`, `key2` and so on are set by the pages of S7. */
export interface Data extends Visit {
  [key: `key${string}`]: boolean;
}

export function visitsIn(store: Store): SessionInterface<Data> {
  return sessions<Data>({ store, keys: { current: "a secret of this bench and of nothing else" } });
}
