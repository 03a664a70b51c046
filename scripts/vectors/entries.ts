import { dataOf, fill } from "../../src/core/session.ts";
import { SessionError } from "../../src/errors.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared, failed } from "./differences.ts";
import { dataFromNotation, isPythonOnly, told } from "./notation.ts";
import type { Case, Entry, Run, Shelf, Tools } from "./suite.ts";

/** Opens the place of an entry, in an engine of our own. */
export type OpenShelf<Example extends Entry> = (example: Example, tools: Tools) => Promise<Shelf>;

/** How the groups `entries` and `unencodable` of a vector file are run: through the package and a real engine. */
export function entries<Example extends Entry>(open: OpenShelf<Example>): Readonly<Record<string, Run>> {
  const on = (run: (example: Example, shelf: Shelf) => Promise<Verdict>): Run => {
    return async (example: Case, tools) => run(example as Example, await open(example as Example, tools));
  };
  return { entries: on(entry), unencodable: on(unencodable) };
}

/** The moment of an example that names none. */
const NOW = 1_714_979_289;

function sessionsFor(example: Entry, { config }: Shelf) {
  const { format, lifetime_seconds = 3600, saved_at = NOW, sid = "unencodable" } = example;
  return flaskSession(
    {
      ...(format && { SESSION_SERIALIZATION_FORMAT: format }),
      PERMANENT_SESSION_LIFETIME: lifetime_seconds,
      ...config,
    },
    { createId: () => sid, clock: { now: () => Math.round(saved_at * 1e6) / 1000 }, storeTimeout: 10 },
  );
}

async function entry(example: Entry, shelf: Shelf): Promise<Verdict> {
  const sessions = sessionsFor(example, shelf);
  const session = await sessions.open({ cookie: undefined, secure: false });
  // What JavaScript has no type for goes in as Flask reads it back.
  fill(session, dataFromNotation(isPythonOnly(example.session) ? example.decoded : example.session));
  session.modified = true;
  await sessions.save(session);
  const written = await shelf.stored();

  await shelf.put();
  const again = await sessions.open({ cookie: `session=${example.sid}`, secure: false });
  const read = told(dataOf(again));
  await sessions.save(again);
  const refreshed = await shelf.stored();
  return all(
    compared("written", written, shelf.written),
    compared("read", read, told(dataFromNotation(example.decoded))),
    example.same_after_round_trip ? compared("unchanged", refreshed, shelf.written) : PASSED,
  );
}

async function unencodable(example: Entry, shelf: Shelf): Promise<Verdict> {
  const sessions = sessionsFor(example, shelf);
  const session = await sessions.open({ cookie: undefined, secure: false });
  fill(session, dataFromNotation(example.session));
  session.modified = true;
  try {
    await sessions.save(session);
    return failed("it was saved");
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== "DATA") return failed(`it threw ${String(error)}`);
    return compared("stored", await shelf.stored(), undefined);
  }
}
