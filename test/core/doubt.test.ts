import { describe, expect, test } from "vitest";
import type { SessionError } from "../../src/index.ts";
import { memorySessions } from "./helpers.ts";

const increment = (n: unknown) => Number(n ?? 0) + 1;

/** What happens to the next update of a store: it is made and its reply lost, it never arrives, or it arrives late. */
type Loss = "reply" | "request" | "late";

async function loggedIn() {
  const setup = memorySessions();
  await setup.browser.visit((session) => (session["user"] = "ada"));
  setup.store.take();
  const update = setup.store.update;
  let late: (() => Promise<unknown>) | undefined;
  const lose = (loss: Loss, meanwhile: () => Promise<unknown> = async () => undefined) => {
    setup.store.update = async (...given) => {
      setup.store.update = async (...next) => {
        await late?.();
        late = undefined;
        return update(...next);
      };
      if (loss === "reply") await update(...given);
      if (loss === "late") late = () => update(...given);
      await meanwhile();
      throw new Error("ECONNRESET");
    };
  };
  return { ...setup, lose };
}

describe("a save whose reply is lost", () => {
  test("has been made: an assignment and an update are saved, once", async () => {
    const { browser, lose, store } = await loggedIn();
    lose("reply");
    const saved = await browser.visit((session) => (session["theme"] = "dark"));
    expect(saved).toMatchObject({ result: "saved", tries: 1 });
    expect(store.take()).toMatchObject({ read: 2, update: 1 });
    lose("reply");
    expect(await browser.visit((session) => session.update("n", increment))).toMatchObject({ result: "saved" });
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", theme: "dark", n: 1 });
  });

  test("has not been made: it is made again, once", async () => {
    const { browser, lose } = await loggedIn();
    lose("request");
    expect(await browser.visit((session) => session.update("n", increment))).toMatchObject({ tries: 2 });
    expect((await browser.open())["n"]).toBe(1);
  });

  test("is made late: it counts once", async () => {
    const { browser, lose } = await loggedIn();
    lose("late");
    await browser.visit((session) => session.update("n", increment));
    expect((await browser.open())["n"]).toBe(1);
  });

  test("and that another request changed meanwhile: an assignment is merged again", async () => {
    const { browser, elsewhere, lose } = await loggedIn();
    const rival = Object.assign(elsewhere(), { cookie: browser.cookie });
    lose("reply", () => rival.visit((session) => (session["other"] = 1)));
    await browser.visit((session) => (session["theme"] = "dark"));
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", theme: "dark", other: 1 });
  });

  test.each<Loss>(["reply", "request"])(
    "(%s) and that another changed meanwhile: an update is in doubt",
    async (loss) => {
      const { browser, elsewhere, lose } = await loggedIn();
      const rival = Object.assign(elsewhere(), { cookie: browser.cookie });
      lose(loss, () => rival.visit((session) => session.update("n", increment)));
      const doubtful = browser.visit((session) => session.update("n", increment));
      await expect(doubtful).rejects.toMatchObject({ name: "SessionInDoubtError", code: "IN_DOUBT", status: 503 });
      expect((await browser.open())["n"]).toBe(loss === "reply" ? 2 : 1);
    },
  );

  test("leaves no mark where an update changed nothing: then nothing is written", async () => {
    const { browser, store } = await loggedIn();
    await browser.visit((session) => session.update("n", increment));
    store.take();
    expect(await browser.visit((session) => session.update("n", (n) => n))).toMatchObject({ result: "unchanged" });
    expect(store.take()).toMatchObject({ read: 1, update: 0 });
  });

  test("and that the client sent again by itself: an update counts once", async () => {
    const { browser, store } = await loggedIn();
    const { update } = store;
    store.update = async (...given) => {
      await update(...given);
      return update(...given);
    };
    expect(await browser.visit((session) => session.update("n", increment))).toMatchObject({ tries: 1 });
    expect(await browser.visit((session) => (session["theme"] = "dark"))).toMatchObject({ tries: 1 });
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", n: 1, theme: "dark" });
  });

  test("is the store's failure when the store cannot tell", async () => {
    const { browser, store } = await loggedIn();
    const session = await browser.open();
    session["theme"] = "dark";
    const cause = new Error("ECONNRESET");
    store.before = () => Promise.reject(cause);
    await expect(browser.save(session)).rejects.toMatchObject({ code: "STORE", cause });
  });

  test("is not asked for when the engine was silent: the request has waited long enough", async () => {
    const setup = memorySessions({ storeTimeout: 0.01 });
    await setup.browser.visit((session) => (session["user"] = "ada"));
    const session = await setup.browser.open();
    session["theme"] = "dark";
    setup.store.take();
    setup.store.before = () => new Promise(() => undefined);
    await expect(setup.browser.save(session)).rejects.toMatchObject({ code: "STORE" });
    expect(setup.store.take()).toMatchObject({ read: 0, update: 1 });
  });

  test("and that is made again together with another that undoes it is compared all the same", async () => {
    const { browser, elsewhere, store, visitor } = await loggedIn();
    const rival = Object.assign(elsewhere(), { cookie: browser.cookie });
    const other = Object.assign(visitor(), { cookie: browser.cookie });
    const { update, read } = store;
    const session = await browser.open();
    session["b"] = 1;
    let undone: Promise<unknown> | undefined;
    store.read = async (key) => {
      Object.assign(store, { read });
      const old = await read(key);
      await rival.visit((theirs) => (theirs["b"] = 2));
      const undoing = await other.open();
      delete undoing["b"];
      undone = other.save(undoing);
      return old;
    };
    store.update = async () => {
      Object.assign(store, { update });
      throw new Error("ECONNRESET");
    };
    await browser.save(session);
    await undone;
    expect((await browser.open())["b"]).not.toBe(2);
  });

  test("counts exactly among several processes: what was acknowledged is there, and nothing is twice", async () => {
    const { browser, elsewhere, store } = await loggedIn();
    const processes = [browser, elsewhere(), elsewhere(), elsewhere()];
    const { update } = store;
    let calls = 0;
    store.update = async (...given) => {
      const call = ++calls;
      if (call % 10 === 3) throw new Error("ECONNRESET before");
      const updated = await update(...given);
      if (call % 10 === 7) throw new Error("ECONNRESET after");
      return updated;
    };
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (let round = 0; round < 100; round++) {
      const visits = processes.map((one) =>
        Object.assign(one, { cookie: browser.cookie }).visit((session) => session.update("n", increment)),
      );
      outcomes.push(...(await Promise.allSettled(visits)));
    }
    const failures = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    expect(failures.filter(({ reason }) => (reason as SessionError).code !== "IN_DOUBT")).toEqual([]);
    const acknowledged = outcomes.length - failures.length;
    const n = Number((await browser.open())["n"]);
    expect(n).toBeGreaterThanOrEqual(acknowledged);
    expect(n).toBeLessThanOrEqual(outcomes.length);
    expect(failures.length).toBeLessThanOrEqual(Math.ceil(calls / 5));
  });
});
