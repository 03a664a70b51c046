import { error, redirect } from "@sveltejs/kit";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals, url: { searchParams } }) => {
  const session = await locals.session();
  session.user = "Eve";
  if (searchParams.has("regenerate")) session.regenerate();
  if (searchParams.has("destroy")) session.destroy();
  if (searchParams.has("redirect")) redirect(303, "/");
  if (searchParams.has("refusal")) error(403, "no");
  throw new Error("it ends so");
};
