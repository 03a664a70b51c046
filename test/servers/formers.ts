/** What browsers bring from an old application, and who reads it in each of the servers. */
import { expressSession } from "../../src/compat/express-session.ts";
import { ironSession } from "../../src/compat/iron-session.ts";
import { asExpressStore } from "../../src/compat/express-session/as-express-store.ts";
import { type SessionInterface, type Store } from "../../src/index.ts";
import { adopting } from "../../src/core/adopting.ts";
import type { FormerReader } from "../../src/former.ts";

/** The old application's secret, for either library. */
export const OLD_SECRET = "a long secret of the old application's";

/** Years after every test. */
const until = new Date(Date.UTC(2100, 0, 1));

/** One library keeps nothing on the server, the other its records in the place that all share. */
const readersOver = (store: Store): FormerReader[] => [
  ironSession({ cookieName: "iron", password: OLD_SECRET }),
  expressSession({ secret: OLD_SECRET, store: asExpressStore(store) }),
];

/** Sessions that adopt what the old application left. */
export function adoptingFormers<T extends object>(sessions: SessionInterface<T>, store: Store): SessionInterface<T> {
  return adopting(sessions, { readers: readersOver(store), until, storeTimeout: 120 });
}
