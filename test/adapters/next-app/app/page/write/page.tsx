import { getSession, withSession } from "../../../lib/session.ts";

const visit = withSession(async () => {
  (await getSession()).update("visits", (n) => (n ?? 0) + 1);
});

/** What a change by each of these ends in. */
export default async function Page() {
  const session = await getSession();
  const changes = {
    assign: () => (session.user = "eve"),
    delete: () => delete session.user,
    define: () => Object.defineProperty(session, "user", { value: "eve" }),
    regenerate: () => session.regenerate(),
    update: () => session.update("visits", () => 7),
    visit,
  };
  const codes = Object.entries(changes).map(async ([name, change]) => `${name} ${await codeOf(change)}`);
  return <p>{(await Promise.all(codes)).join(", ")}</p>;
}

async function codeOf(change: () => unknown): Promise<string> {
  try {
    await change();
    return "done";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}
