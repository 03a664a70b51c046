import { getIronSession } from "iron-session";
import { afterEach, describe } from "vitest";
import { ironSession } from "../../src/compat/iron-session.ts";
import { testReader } from "./common.ts";
import { type Data, type Old, act, closeAll } from "./site.ts";

const PASSWORD = "a password of the old application's";

function application(password: string | Record<string, string> = PASSWORD): Old {
  return (req, res) => {
    const options = { password, cookieName: "iron", cookieOptions: { secure: false } };
    void getIronSession<Data>(req, res, options).then(async (session) => {
      const answer = act(req.url, session);
      await session.save();
      res.end(answer);
    });
  };
}

afterEach(closeAll);

describe("iron-session", () => {
  testReader(() => ({
    old: application(),
    reader: ironSession({ cookieName: "iron", password: PASSWORD }),
    shares: true,
    names: ["iron"],
  }));
});
