/** What the compiler knows of sessions in Next, by one declaration of their data: asked by `npm run check -- next`. */
import { cookies, headers } from "next/headers";
import { expectTypeOf, test } from "vitest";
import { session } from "../../../src/adapters/next.ts";
import type { Session, SessionInterface } from "../../../src/index.ts";

interface Visit {
  user: string;
  visits: number;
}

declare const visits: SessionInterface<Visit>;
const { getSession, withSession } = session(visits, { cookies, headers });

test("a server component reads the data that was declared", async () => {
  expectTypeOf(getSession).toEqualTypeOf<() => Promise<Session<Visit>>>();
  const current = await getSession();
  expectTypeOf(current.user).toEqualTypeOf<string | undefined>();
  expectTypeOf(current.get("visits", 0)).toEqualTypeOf<number>();
  // @ts-expect-error -- nobody declared it
  expectTypeOf(current.nothing).toBeAny();
});

test("a route handler is what Next asks for, and changes the data that was declared", () => {
  const GET = withSession(async (request: Request, { params }: { params: Promise<{ id: string }> }) => {
    const current = await getSession();
    current.user = (await params).id;
    // @ts-expect-error -- a number
    current.visits = request.url;
    // @ts-expect-error -- a number
    current.update("visits", () => "one");
    return Response.json({ visits: current.update("visits", (n) => (n ?? 0) + 1) });
  });
  type RouteHandler = (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response>;
  expectTypeOf(GET).toEqualTypeOf<RouteHandler>();
  // @ts-expect-error -- Next gives it its parameters
  void GET(new Request("http://localhost"));
});

test("a server action takes what its form gives, and gives what it returns", () => {
  const login = withSession(async (form: FormData) => {
    const current = await getSession();
    // @ts-expect-error -- a file, or nothing, as well
    current.user = form.get("user");
    current.regenerate();
  });
  expectTypeOf(login).toEqualTypeOf<(form: FormData) => Promise<void>>();
  const count = withSession(async () => (await getSession()).get("visits", 0), { lock: true });
  expectTypeOf(count).toEqualTypeOf<() => Promise<number>>();
  // @ts-expect-error -- in seconds
  withSession(count, { lock: { lease: "30" } });
});

test("the sessions are made of what next/headers exports, and of sessions", () => {
  expectTypeOf(session<Visit>)
    .parameter(0)
    .toEqualTypeOf<SessionInterface<Visit>>();
  // @ts-expect-error -- without headers there is no cookie to read
  session(visits, { cookies });
  // @ts-expect-error -- no sessions
  session({}, { cookies, headers });
});
