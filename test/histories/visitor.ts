/** Visits a site and notes what it asked and was answered, for `isLinearizable` to judge. */
import { type Session, SessionError, type SessionInterface } from "../../src/index.ts";
import { type Data, type Deed, type Input, type LineageOperation, type Output, appended } from "./lineage.ts";

/** What a handler does: deeds, and how it ends. */
export interface Handler {
  readonly deeds: readonly Deed[];
  readonly end: "save" | "regenerate" | "destroy";
}

/** Where operations go, and the clock they are timed by. */
export interface Notes {
  now(): number;
  note(operation: LineageOperation): void;
  /** Whether replies may be lost. */
  readonly faulty: boolean;
}

type Visited = Session<Record<string, unknown>>;

/** One request. Gives the id that it was told to use from now on; `undefined`: the session is gone, or nobody knows. */
export async function visit(
  sessions: SessionInterface<Record<string, unknown>>,
  cookie: string,
  { deeds, end }: Handler,
  notes: Notes,
): Promise<string | undefined> {
  const id = idOf(cookie);
  const session = await noted({ ask: "open", id }, notes, async () => {
    const opened = await sessions.open({ cookie, secure: false });
    return [opened.isNew ? "gone" : { data: { ...opened } }, opened] as const;
  });
  if (!session || session.isNew) return undefined;
  const base = { ...session };
  for (const deed of deeds) perform(session, deed);
  if (end === "regenerate") session.regenerate();
  if (end === "destroy") session.destroy();
  const changes = effective(deeds, base);
  if (end === "save" && changes.length === 0) return saveNothing(sessions, session, cookie);
  const input: Input = end === "destroy" ? { ask: end, id } : { ask: end, id, deeds: changes };
  const from = notes.now();
  return noted(input, notes, async () => {
    const saved = await sessions.save(session);
    if (notes.faulty && end === "save" && saved.tries > 1)
      notes.note({ ...mayBeTwice(id, changes), from, to: Infinity });
    return answerTo(session, cookie, saved);
  });
}

/** What was assigned is assigned again after a lost reply: docs/decisions/007-lost-replies.md. */
function mayBeTwice(id: string, deeds: readonly Deed[]): { input: Input } {
  return { input: { ask: "save", id, deeds: deeds.filter(({ act }) => act !== "append") } };
}

/** What changes nothing is not written: so it tells nothing of what stands there. */
async function saveNothing(sessions: SessionInterface<Record<string, unknown>>, session: Visited, cookie: string) {
  await sessions.save(session);
  return cookie;
}

function answerTo(
  session: Visited,
  cookie: string,
  { result, headers }: Awaited<ReturnType<SessionInterface["save"]>>,
) {
  if (result === "gone" || result === "ended") return [result, undefined] as const;
  const line = headers.find(([name]) => name === "Set-Cookie")?.[1];
  return [{ id: session.id }, line?.split(";")[0] ?? cookie] as const;
}

/** Asks, and notes what came of it: a failure leaves it open whether it was done, but for those that say so. */
async function noted<Result>(
  input: Input,
  { now, note }: Notes,
  ask: () => Promise<readonly [Output, Result]>,
): Promise<Result | undefined> {
  const from = now();
  try {
    const [output, result] = await ask();
    note({ input, output, from, to: now() });
    return result;
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    if (error.code === "GONE") note({ input, output: "gone", from, to: now() });
    else if (error.code !== "CONFLICT" && input.ask !== "open") note({ input, from, to: Infinity });
    return undefined;
  }
}

function perform(session: Visited, deed: Deed): void {
  if (deed.act === "set") session[deed.key] = deed.item;
  else if (deed.act === "remove") delete session[deed.key];
  else session.update(deed.key, (current) => appended(current, deed.item));
}

/** What of the deeds a merge can see: neither the removal of what was not there nor the value that was there. */
function effective(deeds: readonly Deed[], base: Data): readonly Deed[] {
  return deeds.filter((deed) => {
    if (deed.act === "remove") return deed.key in base;
    return deed.act === "append" || base[deed.key] !== deed.item;
  });
}

/** The id that a cookie carries. */
export function idOf(cookie: string): string {
  return cookie.slice(cookie.indexOf("=") + 1, cookie.lastIndexOf("."));
}
