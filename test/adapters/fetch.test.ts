import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/fetch.ts";
import { session as ambient } from "../../src/core/context.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { type Fixture, type Visit, brokenFixture, eventsOf, fixture, warningOf } from "./fixtures.ts";
import { overFetch } from "./servers.ts";

describe("fetch adapter", () => {
  testAdapter({ test, serve: overFetch(), load: "lazy" });
});

const request = new Request("http://example.test/");

/** What is answered where the handler began a session. */
async function answerTo(response: Response): Promise<Response> {
  const handler = session(fixture().visits, async (_request, context) => {
    (await context.session())["user"] = "ada";
    return response;
  });
  return handler(request);
}

describe("a response", () => {
  test("may be one whose headers cannot be changed", async () => {
    const answer = await answerTo(Response.redirect("http://example.test/home", 303));
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "http://example.test/home"]);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^sid=/)]);
  });

  test("may be given to many: none gets the cookie of another", async () => {
    const shared = new Response(null, { status: 204 });
    const answers = [await answerTo(shared), await answerTo(shared)];
    for (const { headers } of answers) expect(headers.getSetCookie().length).toBe(1);
    expect(shared.headers.getSetCookie()).toEqual([]);
  });

  test("keeps several cookies apart", async () => {
    const headers = new Headers();
    for (const line of ["a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "b=2"]) headers.append("Set-Cookie", line);
    const answer = await answerTo(new Response("one", { status: 201, statusText: "Made", headers }));
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([201, "Made", "one"]);
    expect(answer.headers.getSetCookie().slice(0, 2)).toEqual(headers.getSetCookie());
  });

  test("streams on, and is not read before", async () => {
    const chunks = ["one", "two"].map((text) => Buffer.from(text));
    let pulls = 0;
    const stream = new ReadableStream(
      {
        pull(controller) {
          controller.enqueue(chunks[pulls++]);
          if (pulls === chunks.length) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const answer = await answerTo(new Response(stream));
    expect(pulls).toBe(0);
    expect(await answer.text()).toBe("onetwo");
  });

  test("that has no copy is left alone, and the lost cookie is told", async () => {
    const broken = Response.error();
    let answer: Response | undefined;
    expect(await eventsOf(async () => (answer = await answerTo(broken)))).toEqual(["late"]);
    expect(answer).toBe(broken);
  });

  test("is the handler's own when nobody asked for the session", async () => {
    const plain = new Response("plain");
    const { visits, store } = fixture();
    expect(await session(visits, () => plain)(request)).toBe(plain);
    expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
  });

  test("whose session cannot be saved is cancelled", async () => {
    const cancelled = deferred();
    const body = new ReadableStream({ cancel: cancelled.resolve });
    const handler = session(brokenFixture().visits, async (_request, context) => {
      (await context.session())["user"] = "ada";
      return new Response(body, { headers: { "Set-Cookie": "a=1" } });
    });
    const answer = await handler(request);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
    await cancelled.promise;
  });
});

describe("a handler", () => {
  test("is given what else the host gives", async () => {
    const handler = session(fixture().visits, (_request, _context, env: { name: string }) => new Response(env.name));
    expect(await (await handler(request, { name: "worker" })).text()).toBe("worker");
  });

  test("that throws leaves its error to the host, also when it throws at once", async () => {
    const failure = new Error("on purpose");
    const { visits, store } = fixture();
    const later = session(visits, async (_request, context) => {
      (await context.session())["user"] = "ada";
      throw failure;
    });
    const atOnce = session(visits, () => {
      throw failure;
    });
    await expect(later(request)).rejects.toBe(failure);
    await expect(atOnce(request)).rejects.toBe(failure);
    expect(store.take().create).toBe(0);
  });

  test("that throws is answered for when not even the end of its session could be saved", async () => {
    let down = false;
    const { visits } = fixture(() => {
      if (down) throw new Error("the store is down, on purpose");
    });
    const login = await session(visits, async (_request, context) => {
      (await context.session())["user"] = "ada";
      return new Response();
    })(request);
    const cookie = String(login.headers.get("set-cookie")?.split(";", 1));
    const logout = session(visits, async (_request, context) => {
      (await context.session()).destroy();
      down = true;
      throw new Error("on purpose");
    });
    expect((await logout(new Request(request, { headers: { cookie } }))).status).toBe(503);
  });

  test("whose host answers for it saves nothing either, where hasFailed says so", async () => {
    const { visits, store } = fixture();
    const hasFailed = ({ status }: Response) => status >= 500;
    const statuses = [200, 404, 500].map(async (status) => {
      const handler = session(
        visits,
        async (_request, context) => (((await context.session())["user"] = "ada"), new Response("", { status })),
        { hasFailed },
      );
      const answer = await handler(request);
      return [answer.status, answer.headers.getSetCookie().length];
    });
    expect(await Promise.all(statuses)).toEqual([
      [200, 1],
      [404, 1],
      [500, 0],
    ]);
    expect(store.take().create).toBe(2);
  });

  test("has the ambient session once it has awaited its own", async () => {
    const handler = session(fixture().visits, async (_request, context) => {
      expect(() => ambient["user"]).toThrow(expect.objectContaining({ code: "CONTEXT" }));
      (await context.session())["user"] = "ada";
      await nextTurn();
      return new Response(String(ambient["user"]));
    });
    expect(await (await handler(request)).text()).toBe("ada");
  });
});

async function makesSecure(url: string, trustProxy: boolean, proto?: string): Promise<boolean | undefined> {
  const handler = session(
    fixture().visits,
    async (_request, context) => {
      (await context.session())["user"] = "ada";
      return new Response();
    },
    { trustProxy },
  );
  const answer = await handler(
    new Request(url, proto === undefined ? {} : { headers: { "X-Forwarded-Proto": proto } }),
  );
  return answer.headers.get("set-cookie")?.includes("Secure");
}

test("takes https from the address, and from a trusted proxy", async () => {
  expect(await makesSecure("https://example.test/", false)).toBe(true);
  expect(await makesSecure("http://example.test/", false)).toBe(false);
  expect(await makesSecure("http://example.test/", false, "https")).toBe(false);
  expect(await makesSecure("http://example.test/", true, "https")).toBe(true);
  expect(await makesSecure("http://example.test/", true, "https, http")).toBe(true);
  expect(await makesSecure("https://example.test/", true, "http")).toBe(false);
});

/** Sessions that count how often they are saved. */
function counted({ visits }: Pick<Fixture, "visits">): { sessions: Fixture["visits"]; saves: () => number } {
  let saves = 0;
  const save: Fixture["visits"]["save"] = async (current) => (saves++, visits.save(current));
  return { sessions: { ...visits, save }, saves: () => saves };
}

/** What is streamed to a visitor who has logged in, and what the store knows of the visitor afterwards. */
async function streamed({ visits }: Pick<Fixture, "visits">, bodyOf: (current: Visit) => ReadableStream) {
  const login = await session(visits, async (_request, context) => {
    (await context.session())["user"] = "ada";
    return new Response();
  })(request);
  const mine = new Request(request, { headers: { cookie: String(login.headers.get("set-cookie")?.split(";", 1)) } });
  const stream = session(visits, async (_request, context) => new Response(bodyOf(await context.session())));
  const who = session(visits, async (_request, context) => new Response(String((await context.session())["user"])));
  return { answer: await stream(mine), user: async () => (await who(mine)).text() };
}

describe("a body that streams", () => {
  test("keeps what changed meanwhile, before its reader sees the end", async () => {
    const { answer, user } = await streamed(fixture(), (current) => {
      return ReadableStream.from([Buffer.from("one")]).pipeThrough(
        new TransformStream({ flush: () => void (current["user"] = "eve") }),
      );
    });
    const reader = answer.body?.getReader();
    expect(await reader?.read()).toEqual({ done: false, value: Buffer.from("one") });
    expect(await user()).toBe("ada");
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
    expect(await user()).toBe("eve");
  });

  test("is told when its reader leaves, and keeps what changed until then", async () => {
    let reason: unknown;
    const { answer, user } = await streamed(fixture(), (current) => {
      return new ReadableStream({
        cancel(given) {
          reason = given;
          current["user"] = "eve";
        },
      });
    });
    await answer.body?.cancel("enough");
    expect([reason, await user()]).toEqual(["enough", "eve"]);
  });

  test("is kept once when its reader leaves while it waits for more", async () => {
    const { sessions, saves } = counted(fixture());
    const answer = await session(sessions, async (_request, context) => {
      const current = await context.session();
      const cancel = async () => {
        await nextTurn();
        current["user"] = "eve";
      };
      return new Response(new ReadableStream({ pull: () => new Promise(() => undefined), cancel }));
    })(request);
    const reader = answer.body?.getReader();
    const waiting = reader?.read();
    await reader?.cancel();
    expect([await waiting, saves()]).toEqual([{ done: true, value: undefined }, 2]);
  });

  test("keeps nothing when it breaks off, and breaks off for its reader", async () => {
    const failure = new Error("on purpose");
    const { answer, user } = await streamed(fixture(), (current) => {
      return pulled(() => {
        current["user"] = "eve";
        throw failure;
      });
    });
    await expect(answer.text()).rejects.toBe(failure);
    expect(await user()).toBe("ada");
  });

  test("ends as it should when what changed cannot be kept, which is told", async () => {
    let down = false;
    const sessions = fixture((verb) => {
      if (down && verb === "update") throw new Error("the store is down, on purpose");
    });
    const { answer, user } = await streamed(sessions, (current) => {
      return ReadableStream.from(["one"]).pipeThrough(
        new TransformStream({
          transform: (text: string, controller) => controller.enqueue(Buffer.from(text)),
          flush: () => void (current["user"] = "eve"),
        }),
      );
    });
    down = true;
    let text = "";
    expect(await eventsOf(async () => (text = await answer.text()))).toEqual(["failed"]);
    expect(text).toBe("one");
    down = false;
    expect(await user()).toBe("ada");
  });

  test("is not saved again when nothing changed", async () => {
    const { sessions, saves } = counted(fixture());
    const answer = await session(sessions, async (_request, context) => {
      (await context.session())["user"] = "ada";
      return new Response("one");
    })(request);
    expect([await answer.text(), saves()]).toEqual(["one", 1]);
  });

  test("tells of a new id that came too late for its cookie", async () => {
    const { answer } = await streamed(fixture(), (current) => pulled(() => current.regenerate()));
    expect(await eventsOf(() => answer.text())).toEqual(["late"]);
  });

  test("warns when it asks for the session after the response was returned", async () => {
    const warned = warningOf("FLAGON_UNSAVED");
    const answer = await session(fixture().visits, (_request, context) => {
      return new Response(pulled(() => context.session()));
    })(request);
    await answer.text();
    expect(await warned).toContain("first asked for after");
  });
});

/** A body that does something when it is first read, and ends. */
function pulled(run: () => unknown): ReadableStream {
  const pull = async (controller: ReadableStreamDefaultController) => {
    await run();
    controller.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}
