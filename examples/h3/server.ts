// Start it from the repository's root: `npm run build && node --import tsx examples/h3/server.ts`.
import { randomBytes } from "node:crypto";
import { sessions } from "flagon";
import { session } from "flagon/h3";
import { memoryStore } from "flagon/memory";
import { H3, html, redirect, serve } from "h3";

declare module "flagon" {
  interface SessionData {
    user: string;
  }
}

const visits = sessions({
  store: memoryStore(),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

const app = new H3()
  .use(session(visits))
  .get("/", async (event) => {
    const { user = "stranger" } = await event.context.session();
    const [path, word] = user === "stranger" ? ["/login", "Log in"] : ["/logout", "Log out"];
    return html`<h1>Hello ${user}</h1>
      <form method="post" action="${path}"><button>${word}</button></form>`;
  })
  .post("/login", async (event) => {
    const current = await event.context.session();
    current.regenerate(); // whoever knew the old id gains nothing from this login
    current.user = "Ada"; // a real one asks for a password
    return redirect("/", 303);
  })
  .post("/logout", async (event) => {
    (await event.context.session()).destroy();
    return redirect("/", 303);
  });

const port = Number(process.env["PORT"] ?? 3000);
const server = serve(app, { port, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log(`Open ${server.url}`);
