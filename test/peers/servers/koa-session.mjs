// koa-session on Koa, over a store of three functions as its manual describes one.
import Koa from "koa";
import session from "koa-session";
import { SECRET, hold, port, redis, shown } from "./means.ts";

const store = {
  get: async (id) => JSON.parse((await redis.get(`koa:${id}`)) ?? "null"),
  set: async (id, data, maxAge) => void (await redis.set(`koa:${id}`, JSON.stringify(data), { PX: maxAge })),
  destroy: async (id) => void (await redis.del(`koa:${id}`)),
};

const PAGES = {
  async login({ session: visit }) {
    await visit.regenerate();
    visit.user = "ada";
    return "welcome";
  },
  async keys(ctx, key) {
    await hold(ctx.query.hold);
    ctx.session[`key${key}`] = true;
    return "set";
  },
  async count(ctx) {
    await hold(ctx.query.hold);
    ctx.session.count = (ctx.session.count ?? 0) + 1;
    return "counted";
  },
  async regenerate({ session: visit }) {
    await visit.regenerate();
    return "renewed";
  },
  async logout(ctx) {
    ctx.session = null;
    return "bye";
  },
  async read(ctx) {
    await hold(ctx.query.hold);
    return shown(ctx.session.toJSON());
  },
};

const app = new Koa();
app.keys = [SECRET];
app.use(session({ store }, app));
app.use(async (ctx) => {
  const [, name, key] = ctx.path.split("/");
  ctx.body = await PAGES[name]?.(ctx, key);
});

app.listen(port, "127.0.0.1");
