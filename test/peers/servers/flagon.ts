/** Flagon on Express, over its Redis store. It has no setting that matters here. */
import express from "express";
import { session } from "../../../src/adapters/express.ts";
import { sessions } from "../../../src/index.ts";
import { redisStore } from "../../../src/stores/redis.ts";
import { SECRET, hold, port, redis, shown } from "./means.ts";

interface Data extends Record<string, unknown> {
  count: number;
}

const app = express();
app.use(session(sessions<Data>({ store: redisStore(redis), keys: { current: SECRET } })));

app.post("/login", (req, res) => {
  req.session.regenerate();
  req.session["user"] = "ada";
  res.send("welcome");
});
app.post("/keys/:key", async (req, res) => {
  await hold(req.query["hold"]);
  req.session[`key${req.params.key}`] = true;
  res.send("set");
});
app.post("/count", async (req, res) => {
  await hold(req.query["hold"]);
  req.session.update("count", (count) => Number(count ?? 0) + 1);
  res.send("counted");
});
app.post("/regenerate", (req, res) => {
  req.session.regenerate();
  res.send("renewed");
});
app.post("/logout", (req, res) => {
  req.session.clear();
  res.send("bye");
});
app.get("/read", async (req, res) => {
  await hold(req.query["hold"]);
  res.json(shown({ ...req.session }));
});

app.listen(port, "127.0.0.1");
