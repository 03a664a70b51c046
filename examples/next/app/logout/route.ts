import { getSession, withSession } from "../../session.ts";

export const POST = withSession(async (_request: Request) => {
  (await getSession()).destroy();
  return new Response(null, { status: 303, headers: { Location: "/" } });
});
