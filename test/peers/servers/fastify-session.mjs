// @fastify/session on Fastify, over connect-redis, whose stores it takes.
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { RedisStore } from "connect-redis";
import fastify from "fastify";
import { SECRET, hold, isBest, port, redis, shown } from "./means.ts";

const settings = isBest ? { rolling: false, saveUninitialized: false } : {};
const app = fastify();
app.register(cookie);
// The script speaks plain http.
app.register(session, {
  store: new RedisStore({ client: redis }),
  secret: SECRET,
  cookie: { secure: false },
  ...settings,
});

app.post("/login", async (request) => {
  await request.session.regenerate();
  request.session.user = "ada";
  return "welcome";
});
app.post("/keys/:key", async (request) => {
  await hold(request.query.hold);
  request.session[`key${request.params.key}`] = true;
  return "set";
});
app.post("/count", async (request) => {
  await hold(request.query.hold);
  request.session.count = (request.session.count ?? 0) + 1;
  return "counted";
});
app.post("/regenerate", async (request) => {
  await request.session.regenerate(["user"]);
  return "renewed";
});
app.post("/logout", async (request) => {
  await request.session.destroy();
  return "bye";
});
app.get("/read", async (request) => {
  await hold(request.query.hold);
  return shown(request.session);
});

await app.listen({ port, host: "127.0.0.1" });
