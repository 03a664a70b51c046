// Start it from the repository's root: `npm run build && node --import tsx examples/fastify/server.ts`.
import { randomBytes } from "node:crypto";
import Fastify from "fastify";
import { sessions } from "flagon";
import { session } from "flagon/fastify";
import { memoryStore } from "flagon/memory";

declare module "flagon" {
  interface SessionData {
    user: string;
  }
}

const visits = sessions({
  store: memoryStore(),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

const app = Fastify();
await app.register(session, { sessions: visits });

app.get("/", (request, reply) => {
  const [path, word] = request.session.user === undefined ? ["/login", "Log in"] : ["/logout", "Log out"];
  reply.type("text/html; charset=utf-8");
  return `<h1>Hello ${request.session.get("user", "stranger")}</h1>
<form method="post" action="${path}"><button>${word}</button></form>`;
});
app.post("/login", (request, reply) => {
  request.session.regenerate(); // whoever knew the old id gains nothing from this login
  request.session.user = "Ada"; // a real one asks for a password
  return reply.redirect("/", 303);
});
app.post("/logout", (request, reply) => {
  request.session.destroy();
  return reply.redirect("/", 303);
});

console.log(`Open ${await app.listen({ port: Number(process.env["PORT"] ?? 3000) })}`);
