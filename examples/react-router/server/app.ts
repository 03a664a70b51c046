import { session } from "flagon/fetch";
import { RouterContextProvider, createRequestHandler } from "react-router";
import * as build from "virtual:react-router/server-build";
import { current, visits } from "../app/session.ts";

const handle = createRequestHandler(build);

export const handler = session(
  visits,
  (request, context) => {
    const provider = new RouterContextProvider();
    provider.set(current, context.session);
    return handle(request, provider);
  },
  { hasFailed: ({ status }) => status >= 500 },
);
