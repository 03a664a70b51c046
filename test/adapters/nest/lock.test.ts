/** Handlers of Nest that have a session alone. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Controller, Get, Module } from "@nestjs/common";
import { describe, expect, test } from "vitest";
import { CurrentSession, LockSession, SessionModule } from "../../../src/adapters/nest.ts";
import { browser } from "../../../src/testing/browser.ts";
import { increment } from "../../../src/testing/internal/adapter-stage.ts";
import { closing } from "../closing.ts";
import { type Visit, own } from "../fixtures.ts";
import { hostOf, start } from "../nest-servers.ts";

@Controller()
class Till {
  @Get("begin")
  begin(@CurrentSession() visit: Visit, @CurrentSession({ property: "staff" }) staff: Visit): unknown[] {
    return [visit, staff].map((session) => session.update("n", increment));
  }

  /** Counts by assignment. */
  @Get("pay")
  @LockSession()
  async pay(@CurrentSession() visit: Visit, @CurrentSession("n") n: number): Promise<string> {
    await nextTurn();
    visit["n"] = n + 1;
    return String(visit["n"]);
  }

  @Get("staff")
  @LockSession({ property: "staff" })
  staff(@CurrentSession({ property: "staff", key: "n" }) n: number): string {
    return String(n);
  }

  @Get("nobody")
  @LockSession({ property: "nobody" })
  nobody(): string {
    return "paid";
  }
}

@Module({ controllers: [Till] })
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class TillModule {}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class AppModule {}

describe.each([
  ["Express", "eager"],
  ["Express", "lazy"],
  ["Fastify", "eager"],
  ["Fastify", "lazy"],
] as const)("LockSession on %s, %s", (host, load) => {
  async function begun() {
    const [visits, staff] = [own("sid"), own("staff")];
    const sessions = [
      SessionModule.forRoot(visits.visits, { load }),
      SessionModule.forRoot(staff.visits, { load, property: "staff" }),
    ];
    const app = { module: AppModule, imports: [TillModule, ...sessions] };
    const tab = browser(closing(await start(app, hostOf(host))).url);
    await tab.visit("/begin");
    for (const { store } of [visits, staff]) store.take();
    return { tab, visits, staff };
  }

  test("has each handler alone with its session", async () => {
    const { tab } = await begun();
    const pages = await Promise.all(Array.from({ length: 6 }, () => tab.visit("/pay")));
    expect(pages.map(({ text }) => text).toSorted()).toEqual(["2", "3", "4", "5", "6", "7"]);
  });

  test("is for the session of its name", async () => {
    const { tab, visits, staff } = await begun();
    expect((await tab.visit("/staff")).text).toBe("1");
    // Taken and given back.
    expect([visits.store.take().update, staff.store.take().update]).toEqual([0, 2]);
  });

  test("lets nobody pass where there is none to lock", async () => {
    const { tab } = await begun();
    const { status, text } = await tab.visit("/nobody");
    expect([status, text.includes("paid")]).toEqual([500, false]);
  });
});
