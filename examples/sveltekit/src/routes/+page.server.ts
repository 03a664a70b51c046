import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals }) => {
  const { user = "stranger" } = await locals.session();
  return { user };
};
