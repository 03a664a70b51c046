import { describe, expect, test } from "vitest";
import { markFailed } from "../../src/core/state.ts";
import { type LockOptions, cookieSessions } from "../../src/index.ts";
import { KEY, type Visitor, memorySessions } from "./helpers.ts";

/** A visitor with a session, and another process that serves the same. */
async function two() {
  const setup = memorySessions();
  await setup.browser.visit((session) => Object.assign(session, { user: "ada", n: 0 }));
  const rival = Object.assign(setup.elsewhere(), { cookie: setup.browser.cookie });
  setup.store.take();
  return { ...setup, rival };
}

/** A barrier: what waits for it goes on when it is opened. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

async function locked(visitor: Visitor, sessions: ReturnType<typeof memorySessions>["sessions"], wait?: number) {
  const session = await visitor.open();
  await sessions.lock?.(session, wait === undefined ? {} : { wait });
  return session;
}

const plain = async (visitor: Visitor) => ({ ...(await visitor.open()) });

describe("a request that has the session for itself", () => {
  test("makes others wait that ask for the same, and these go on from what it left", async () => {
    const { browser, rival, sessions, store } = await two();
    const first = await locked(browser, sessions);
    const asked = gate();
    store.before = () => void (store.asked.read === 3 && asked.open());
    const second = locked(rival, sessions);
    await asked.opened;
    first["n"] = 1;
    await browser.save(first);
    const session = await second;
    expect(session["n"]).toBe(1);
    session["n"] = 2;
    await rival.save(session);
    expect(await plain(browser)).toEqual({ user: "ada", n: 2 });
  });

  test("runs alone: of many at once no two are inside", async () => {
    const { browser, rival, sessions } = await two();
    let inside = 0;
    let most = 0;
    const pay = async (visitor: Visitor) => {
      const session = await locked(visitor, sessions);
      most = Math.max(most, ++inside);
      await Promise.resolve();
      session["n"] = Number(session["n"]) + 1;
      inside--;
      await visitor.save(session);
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => pay(n % 2 === 0 ? browser : rival)));
    expect(most).toBe(1);
    expect(await plain(browser)).toEqual({ user: "ada", n: 8 });
  });

  test("costs one write to begin with, and gives the session back with the one that saves it", async () => {
    const { browser, sessions, store } = await two();
    const session = await locked(browser, sessions);
    session["n"] = 1;
    await browser.save(session);
    expect(store.take()).toEqual({ create: 0, read: 1, update: 2, delete: 0 });
  });

  test("lets those pass who do not ask, and keeps what they change", async () => {
    const { browser, rival, sessions } = await two();
    const session = await locked(browser, sessions);
    await rival.visit((other) => (other["other"] = true));
    session["n"] = 1;
    await browser.save(session);
    await rival.save(await locked(rival, sessions, 0.01));
    expect(await plain(browser)).toEqual({ user: "ada", n: 1, other: true });
  });

  test.each([
    ["changed nothing", () => undefined],
    ["threw", markFailed],
  ] as const)("gives it back when it %s", async (_what, act) => {
    const { browser, rival, sessions } = await two();
    const session = await locked(browser, sessions);
    act(session);
    await browser.save(session);
    const next = await locked(rival, sessions, 0.01);
    await rival.save(next);
    expect(await plain(browser)).toEqual({ user: "ada", n: 0 });
  });

  test("saves nothing of what a handler that threw had changed", async () => {
    const { browser, sessions } = await two();
    const session = await locked(browser, sessions);
    session["n"] = 1;
    markFailed(session);
    await browser.save(session);
    expect(await plain(browser)).toEqual({ user: "ada", n: 0 });
  });

  test("may log in or out", async () => {
    const { browser, rival, sessions, store } = await two();
    const login = await locked(browser, sessions);
    login.regenerate();
    await browser.save(login);
    expect(await plain(rival)).toEqual({});
    const logout = await locked(browser, sessions);
    logout.destroy();
    await browser.save(logout);
    expect(await store.count()).toBe(0);
  });

  test("loses it after the lease, and can write no more: who came after it is not overwritten", async () => {
    const { browser, rival, sessions, clock } = await two();
    const slow = await locked(browser, sessions);
    clock.advance(30_000);
    const quick = await locked(rival, sessions);
    quick["n"] = 1;
    await rival.save(quick);
    slow["n"] = 5;
    await expect(browser.save(slow)).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
    expect(await plain(browser)).toEqual({ user: "ada", n: 1 });
  });

  test("keeps it to the last millisecond of the lease", async () => {
    const { browser, rival, sessions, clock } = await two();
    await locked(browser, sessions);
    clock.advance(29_999);
    await expect(locked(rival, sessions, 0.01)).rejects.toMatchObject({ code: "CONFLICT" });
    clock.advance(1);
    await locked(rival, sessions, 0.01);
  });
});

test("who waits too long is refused with CONFLICT, and has changed nothing", async () => {
  const { browser, rival, sessions } = await two();
  await locked(browser, sessions);
  const session = await rival.open();
  session["n"] = 7;
  await expect(sessions.lock?.(session, { wait: 0.01 })).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
  expect(await plain(browser)).toEqual({ user: "ada", n: 0 });
});

test("a session that ended meanwhile cannot be locked", async () => {
  const { browser, rival, sessions } = await two();
  const session = await browser.open();
  await rival.visit((other) => other.destroy());
  await expect(sessions.lock?.(session)).rejects.toMatchObject({ code: "GONE", status: 409 });
});

test("a new session is nobody else's: locking it asks the store nothing", async () => {
  const { visitor, sessions, store } = memorySessions();
  await locked(visitor(), sessions);
  expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
});

test("sessions in a cookie cannot be locked", () => {
  expect(cookieSessions({ keys: { current: KEY } }).lock).toBeUndefined();
});

test.each([
  [{ lease: 0 }, "lock.lease is 0; give a positive number of seconds"],
  [{ wait: Number.NaN }, "lock.wait is NaN; give a positive number of seconds"],
  [{ laese: 3 }, "lock knows no option laese; did you mean lease?"],
])("an option that cannot be is refused: %j", (lock, message) => {
  expect(() => memorySessions().sessions.lock?.({} as never, lock as LockOptions)).toThrow(message);
});
