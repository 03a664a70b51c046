import { fail } from "@sveltejs/kit";
import type { Actions } from "./$types";

export const actions: Actions = {
  default: async ({ locals }) => {
    (await locals.session()).user = "Eve";
    return fail(422);
  },
};
