/** Real servers of the frameworks that speak web standards, for the adapter kit. */
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { session as honoSession } from "../../src/adapters/hono.ts";
import type { Session } from "../../src/index.ts";
import type { AdapterKit, KitData } from "../../src/testing/internal/adapter-stage.ts";
import { bodyOf, listen } from "./servers.ts";

export function overHono(load: "eager" | "lazy"): AdapterKit["serve"] {
  return (sessions, act) => {
    const app = new Hono();
    app.onError((error, c) => ("getResponse" in error ? (error.getResponse as () => Response)() : c.text("oops", 500)));
    app.use(honoSession(sessions, { load }));
    app.all("*", async (c) => {
      const current = () => sessionIn(c.get("session" as never));
      const { status = 200, headers = [], body } = await act(c.req.path, current);
      for (const [name, value] of headers) c.header(name, value, { append: true });
      const location = headers.find(([name]) => name === "Location")?.[1];
      if (location !== undefined) return c.redirect(location, status as 302);
      return typeof body === "string" ? c.text(body, status as 200) : c.body(bodyOf(body) as null, status as 200);
    });
    return listen(getRequestListener(app.fetch));
  };
}

type Found = Session<KitData> | (() => Promise<Session<KitData>>);

/** The session that was put in reach as itself, or as a function. */
function sessionIn(found: Found): Session<KitData> | Promise<Session<KitData>> {
  return typeof found === "function" ? found() : found;
}
