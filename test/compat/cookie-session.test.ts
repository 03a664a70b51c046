import cookieSessionOf from "cookie-session";
import { afterEach, describe } from "vitest";
import { cookieSession } from "../../src/compat/cookie-session.ts";
import { testReader } from "./common.ts";
import { type Data, type Old, act, closeAll } from "./site.ts";

type Options = Parameters<typeof cookieSessionOf>[0];

const KEYS = ["the old application's newer key", "the old application's older key"];

function application(options: Options): Old {
  const middleware = cookieSessionOf(options);
  return (req, res) => {
    const request = req as typeof req & { session: Data };
    middleware(req, res, () => res.end(act(req.url, request.session)));
  };
}

afterEach(closeAll);

describe("cookie-session", () => {
  testReader(() => ({
    old: application({ keys: KEYS }),
    reader: cookieSession({ keys: KEYS }),
    shares: false,
    names: ["session", "session.sig"],
  }));
});
