import { csrfSync } from "csrf-sync";
import { field } from "./form.ts";

/**
 * The token is a key of the session and a hidden field of every form. `token` makes it when a form first needs one, so
 * whoever sees no form gets no session; `protect` answers 403 to a POST without it.
 */
export const { generateToken: token, csrfSynchronisedProtection: protect } = csrfSync({
  size: 32,
  getTokenFromRequest: (req) => field(req, "csrf"),
});
