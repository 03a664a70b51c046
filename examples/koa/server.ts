// Start it from the repository's root: `npm run build && node --import tsx examples/koa/server.ts`.
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { sessions } from "flagon";
import { session } from "flagon/koa";
import { memoryStore } from "flagon/memory";
import Koa from "koa";

declare module "flagon" {
  interface SessionData {
    user: string;
  }
}

const visits = sessions({
  store: memoryStore(),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

const app = new Koa();
app.use(session(visits));
app.use((ctx) => {
  if (ctx.method === "POST" && ctx.path === "/login") {
    ctx.session.regenerate(); // whoever knew the old id gains nothing from this login
    ctx.session.user = "Ada"; // a real one asks for a password
    ctx.redirect("/");
    ctx.status = 303;
  } else if (ctx.method === "POST" && ctx.path === "/logout") {
    ctx.session.destroy();
    ctx.redirect("/");
    ctx.status = 303;
  } else if (ctx.path === "/") {
    const [path, word] = ctx.session.user === undefined ? ["/login", "Log in"] : ["/logout", "Log out"];
    ctx.body = `<h1>Hello ${ctx.session.get("user", "stranger")}</h1>
<form method="post" action="${path}"><button>${word}</button></form>`;
  }
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
