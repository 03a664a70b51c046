/** Real servers of the frameworks that speak web standards, for the adapter kit. */
import { type HttpBindings, getRequestListener } from "@hono/node-server";
import { H3, toNodeHandler } from "h3";
import { appendResponseHeader, createApp, eventHandler, send, setResponseStatus, toNodeListener } from "h3v1";
import { Hono, type MiddlewareHandler } from "hono";
import { session as h3v1Session } from "../../src/adapters/h3-v1.ts";
import { session as h3Session } from "../../src/adapters/h3.ts";
import { session as honoSession } from "../../src/adapters/hono.ts";
import type { Session } from "../../src/index.ts";
import type { AdapterKit, KitData, Served } from "../../src/testing/internal/adapter-stage.ts";
import { type Around, bodyOf, hint, listenBehind } from "./servers.ts";

/** An application that answers as the kit asks. */
type Application<App> = (...given: Parameters<AdapterKit["serve"]>) => App;

/** Other middleware of Hono, around the session. */
interface AroundHono {
  front?: MiddlewareHandler;
  behind?: MiddlewareHandler;
  http2?: boolean;
}

const nothing: MiddlewareHandler = (_c, next) => next();

export function overHono(load: "eager" | "lazy", around: AroundHono = {}): AdapterKit["serve"] {
  const application = honoApp(load, around);
  return (sessions, act) => listenWeb(application(sessions, act), around);
}

export function honoApp(
  load: "eager" | "lazy",
  { front = nothing, behind = nothing }: AroundHono = {},
): Application<Hono> {
  return (sessions, act) => {
    const app = new Hono();
    app.onError((error, c) => ("getResponse" in error ? error.getResponse() : c.text("oops", 500)));
    app.use(front, honoSession(sessions, { load }), behind);
    app.all("*", async (c) => {
      const current = () => sessionIn(c.get("session" as never));
      const { status = 200, headers = [], body } = await act(c.req.path, current);
      for (const [name, value] of headers) c.header(name, value, { append: true });
      const location = headers.find(([name]) => name === "Location")?.[1];
      if (location !== undefined) return c.redirect(location, status as 302);
      return typeof body === "string" ? c.text(body, status as 200) : c.body(bodyOf(body) as null, status as 200);
    });
    return app;
  };
}

/** Serves a Hono application as `@hono/node-server` does. */
export function listenWeb(
  { fetch }: Pick<Hono<{ Bindings: HttpBindings }>, "fetch">,
  { http2 = false } = {},
): Promise<Served> {
  const listener = getRequestListener(fetch);
  return listenBehind({ http2 }, (incoming, outgoing) => void listener(incoming, outgoing));
}

/** The session that was put in reach as itself, or as a function. */
function sessionIn(found: unknown): Session<KitData> | Promise<Session<KitData>> {
  return typeof found === "function" ? (found as () => Promise<Session<KitData>>)() : (found as Session<KitData>);
}

export function overH3(load: "eager" | "lazy", around: Around = {}): AdapterKit["serve"] {
  const application = h3App(load);
  return (sessions, act) => listenBehind(around, toNodeHandler(application(sessions, act)));
}

export function h3App(load: "eager" | "lazy"): Application<H3> {
  return (sessions, act) => {
    const app = new H3({ silent: true }).use(h3Session(sessions, { load }));
    app.all("/**", async (event) => {
      const current = () => sessionIn(event.context.session);
      const { status = 200, headers = [], body } = await act(event.url.pathname, current);
      event.res.status = status;
      for (const [name, value] of headers) event.res.headers.append(name, value);
      return bodyOf(body);
    });
    return app;
  };
}

export function overH3v1(load: "eager" | "lazy", around: Around = {}): AdapterKit["serve"] {
  return (sessions, act) => {
    // What is unhandled is printed.
    const app = createApp({ onError: (error) => void (error.unhandled = false) }).use(h3v1Session(sessions, { load }));
    app.use(
      eventHandler(async (event) => {
        const current = () => sessionIn(event.context["session"]);
        const { status = 200, headers = [], body, hints } = await act(event.path.split("?", 1).join(), current);
        hint(event.node.res, hints);
        setResponseStatus(event, status);
        for (const [name, value] of headers) appendResponseHeader(event, name, value);
        if (status === 304 || body === undefined) return send(event, "");
        return typeof body === "string" ? send(event, body) : bodyOf(body);
      }),
    );
    return listenBehind(around, toNodeListener(app));
  };
}
