import { getSession, withSession } from "../../session.ts";

export const POST = withSession(async (_request: Request) => {
  const session = await getSession();
  session.regenerate(); // whoever knew the old id gains nothing from this login
  session.user = "Ada"; // a real one asks for a password
  return new Response(null, { status: 303, headers: { Location: "/" } });
});
