import { redirect } from "@sveltejs/kit";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async ({ locals }) => {
  const session = await locals.session();
  session.regenerate(); // whoever knew the old id gains nothing from this login
  session.user = "Ada"; // a real one asks for a password
  redirect(303, "/");
};
