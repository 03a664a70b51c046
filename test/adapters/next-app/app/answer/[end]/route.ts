import { cookies } from "next/headers";
import { notFound, permanentRedirect, redirect } from "next/navigation";
import { getSession, withSession } from "../../../lib/session.ts";

const ENDS: Record<string, () => Response | Promise<Response>> = {
  redirect: () => redirect("/page?a=1;b"),
  moved: () => permanentRedirect("/page"),
  notFound: () => notFound(),
  cookie: async () => {
    (await cookies()).set("own", "1");
    return Response.json({ done: true });
  },
  Response: () => Response.redirect("http://localhost/page"),
};

/** Begins a session, and ends in the way that the path says. */
export const GET = withSession(async (_request: Request, { params }: { params: Promise<{ end: string }> }) => {
  const session = await getSession();
  session.user = "ada";
  const { end } = await params;
  return ENDS[end]?.() ?? Response.json("no such end");
});
