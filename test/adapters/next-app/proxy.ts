import { NextResponse } from "next/server";
import { getSession, withSession } from "./lib/session.ts";

/** Counts a visit before the page is rendered. */
export const proxy = withSession(async (_request: Request) => {
  (await getSession()).update("visits", (n) => (n ?? 0) + 1);
  return NextResponse.next();
});

export const config = { matcher: "/proxied" };
