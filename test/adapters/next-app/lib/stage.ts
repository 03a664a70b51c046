import type { Store } from "../../../../src/store.ts";

/** What the test hands to the application, which runs in the same process but is a bundle of its own. */
export interface Stage {
  store: Store;
  kit: (request: Request) => Promise<Response>;
}

const PLACE = Symbol.for("flagon.test.next");

type Home = { [PLACE]?: Stage };

export function stage(): Stage {
  const found = (globalThis as Home)[PLACE];
  if (!found) throw new Error("the test has set no stage");
  return found;
}

export function setStage(made: Stage): void {
  (globalThis as Home)[PLACE] = made;
}
