// express-session on Express, over connect-redis.
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { SECRET, hold, isBest, port, redis, shown } from "./means.ts";

const settings = isBest ? { resave: false, saveUninitialized: false } : {};
const app = express();
app.use(session({ store: new RedisStore({ client: redis }), secret: SECRET, ...settings }));

app.post("/login", (req, res, next) => {
  const welcome = (error) => (error ? next(error) : res.send("welcome"));
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = "ada";
    // Its manual saves by hand at a login.
    if (isBest) req.session.save(welcome);
    else welcome();
  });
});
app.post("/keys/:key", async (req, res) => {
  await hold(req.query.hold);
  req.session[`key${req.params.key}`] = true;
  res.send("set");
});
app.post("/count", async (req, res) => {
  await hold(req.query.hold);
  req.session.count = (req.session.count ?? 0) + 1;
  res.send("counted");
});
app.post("/regenerate", (req, res, next) => {
  const { user } = req.session;
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = user;
    res.send("renewed");
  });
});
app.post("/logout", (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.send("bye")));
});
app.get("/read", async (req, res) => {
  await hold(req.query.hold);
  res.json(shown(req.session));
});

app.listen(port, "127.0.0.1");
