/** What the compiler knows of sessions in Nest: asked by `npm run check -- nest`, whose decorators are Nest's. */
import { Controller, Get, Inject, Post, Req, Session as NestSession } from "@nestjs/common";
import { expectTypeOf, test } from "vitest";
import {
  CurrentSession,
  LockSession,
  type NestAsyncOptions,
  type NestOptions,
  SESSIONS,
  SessionModule,
} from "../../../src/adapters/nest.ts";
import type { Session, SessionInterface, Store } from "../../../src/index.ts";

interface Visit {
  user: string;
  visits: number;
}

declare const visits: SessionInterface<Visit>;
declare const store: Store;

class Redis {
  readonly store = store;
}

test("the parameters of a handler are sessions, whichever decorator gives them", () => {
  @Controller()
  class Pages {
    readonly #sessions: SessionInterface<Visit>;

    constructor(@Inject(SESSIONS) sessions: SessionInterface<Visit>) {
      this.#sessions = sessions;
    }

    @Get()
    @LockSession({ wait: 1, property: "staff" })
    home(@CurrentSession() session: Session<Visit>, @CurrentSession("user") user = "stranger"): string {
      expectTypeOf(session.user).toEqualTypeOf<string | undefined>();
      expectTypeOf(session.update("visits", (n) => (n ?? 0) + 1)).toEqualTypeOf<number>();
      // @ts-expect-error -- a number
      session.visits = "one";
      // @ts-expect-error -- nobody declared it
      return user + String(session.nothing);
    }

    @Post()
    login(@NestSession() session: Session<Visit>, @Req() { session: same }: { session: Session<Visit> }): void {
      expectTypeOf(same).toEqualTypeOf(session);
      expectTypeOf(this.#sessions.open).returns.resolves.toEqualTypeOf<Session<Visit>>();
    }

    @Get("staff")
    staff(
      @CurrentSession({ property: "staff" }) _staff: Session<{ name: string }>,
      @CurrentSession({ property: "staff", key: "name" }) name: string | undefined,
    ): string | undefined {
      return name;
    }
  }
  expectTypeOf(new Pages(visits).home).returns.toBeString();
  expectTypeOf(CurrentSession).parameter(0).toEqualTypeOf<string | { property?: string; key?: string } | undefined>();
  // @ts-expect-error -- no option of it
  CurrentSession({ name: "staff" });
  // @ts-expect-error -- in seconds
  LockSession({ lease: "30" });
});

test("forRoot takes sessions of any data, and the options of the adapter", () => {
  SessionModule.forRoot(visits);
  SessionModule.forRoot(visits, { load: "lazy", property: "staff" });
  expectTypeOf<keyof NestOptions>().toEqualTypeOf<"load" | "property">();
  // @ts-expect-error -- a store is no sessions
  SessionModule.forRoot(store);
  // @ts-expect-error -- one of two
  SessionModule.forRoot(visits, { load: "late" });
  // @ts-expect-error -- there is no such option
  SessionModule.forRoot(visits, { proprety: "staff" });
});

test("forRootAsync takes a factory that makes sessions of what it is given", () => {
  SessionModule.forRootAsync({ useFactory: () => visits });
  const useFactory = async ({ store: given }: Redis) => (expectTypeOf(given).toEqualTypeOf<Store>(), visits);
  SessionModule.forRootAsync({ imports: [], inject: [Redis], useFactory, load: "lazy", property: "staff" });
  type Factory = (...given: never[]) => SessionInterface<Visit> | Promise<SessionInterface<Visit>>;
  expectTypeOf<NestAsyncOptions<Visit>["useFactory"]>().toEqualTypeOf<Factory>();
  // @ts-expect-error -- a store is no sessions
  SessionModule.forRootAsync({ inject: [Redis], useFactory: ({ store: given }: Redis) => given });
  // @ts-expect-error -- nothing makes them
  SessionModule.forRootAsync({ inject: [Redis] });
  // @ts-expect-error -- one of two
  SessionModule.forRootAsync({ useFactory: () => visits, load: "late" });
});
