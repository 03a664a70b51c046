import { randomBytes } from "node:crypto";
import type { Handle } from "@sveltejs/kit";
import { sessions } from "flagon";
import { session } from "flagon/fetch";
import { fileStore } from "flagon/file";
import { env } from "$env/dynamic/private";

const visits = sessions<App.Visit>({
  store: fileStore({ directory: ".sessions" }),
  keys: { current: env["SECRET_KEY"] ?? randomBytes(32) },
});

const withSession = session(
  visits,
  (_request, context, { event, resolve }: Parameters<Handle>[0]) => {
    event.locals.session = context.session;
    return resolve(event);
  },
  { hasFailed: ({ status }) => status >= 500 },
);

export const handle: Handle = (input) => withSession(input.event.request, input);
