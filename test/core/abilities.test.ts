import { expect, test, vi } from "vitest";
import { type Durable, type Store, systemClock } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { memorySessions } from "./helpers.ts";

/** A store that says of each write what `isSafe` says then. */
function durableStore(isSafe: () => boolean): Store & Durable & { asked: string[] } {
  const asked: string[] = [];
  const confirm = async (key: string) => (asked.push(key), isSafe());
  return Object.assign(memoryStore() as Store, { asked, confirm });
}

test("tells of each write whether the store is sure of it, and asks for no read", async () => {
  let safe = true;
  const store = durableStore(() => safe);
  const { browser } = memorySessions({ store, clock: systemClock });
  expect(await browser.visit((session) => (session["user"] = "ada"))).toMatchObject({ result: "saved", durable: true });
  safe = false;
  expect(await browser.visit((session) => (session["user"] = "bob"))).toMatchObject({
    result: "saved",
    durable: false,
  });
  expect(await browser.visit((session) => session["user"])).not.toHaveProperty("durable");
  expect(await browser.visit((session) => session.destroy())).toMatchObject({ result: "ended", durable: false });
  expect(new Set(store.asked).size).toBe(1);
  expect(store.asked).toHaveLength(3);
});

test("says nothing of durability where the store cannot tell", async () => {
  const { browser } = memorySessions();
  expect(await browser.visit((session) => (session["user"] = "ada"))).not.toHaveProperty("durable");
});

test("warns once of an update on a store that cannot compare and swap", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const store = Object.assign(memoryStore() as Store, { capabilities: { swap: false } });
  const { browser } = memorySessions({ store, clock: systemClock });
  await browser.visit((session) => session.update("visits", (n) => Number(n ?? 0) + 1));
  await browser.visit((session) => session.update("visits", (n) => Number(n ?? 0) + 1));
  expect((await browser.open())["visits"]).toBe(2);
  expect(warned).toHaveBeenCalledOnce();
  expect(warned).toHaveBeenCalledWith(expect.stringContaining("compare and swap"), expect.anything());
});
