// Start it from the repository's root: `npm run build && node --import tsx examples/hono/server.ts`.
import { randomBytes } from "node:crypto";
import { serve } from "@hono/node-server";
import { sessions } from "flagon";
import { session } from "flagon/hono";
import { memoryStore } from "flagon/memory";
import { Hono } from "hono";

interface Visit {
  user: string;
}

const visits = sessions<Visit>({
  store: memoryStore(),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

const app = new Hono()
  .use(session(visits))
  .get("/", async (c) => {
    const { user = "stranger" } = await c.var.session();
    const [path, word] = user === "stranger" ? ["/login", "Log in"] : ["/logout", "Log out"];
    return c.html(`<h1>Hello ${user}</h1>
<form method="post" action="${path}"><button>${word}</button></form>`);
  })
  .post("/login", async (c) => {
    const current = await c.var.session();
    current.regenerate(); // whoever knew the old id gains nothing from this login
    current.user = "Ada"; // a real one asks for a password
    return c.redirect("/", 303);
  })
  .post("/logout", async (c) => {
    (await c.var.session()).destroy();
    return c.redirect("/", 303);
  });

const port = Number(process.env["PORT"] ?? 3000);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (at) => console.log(`Open http://127.0.0.1:${at.port}`));
