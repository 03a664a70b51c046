import type { APIRoute } from "astro";

export const POST: APIRoute = async ({ locals, redirect }) => {
  (await locals.visit()).destroy();
  return redirect("/", 303);
};
