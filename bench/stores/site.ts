/** A server of this process, whose every answer reads a session, and somebody who visits it all the time. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Store, sessions } from "flagon";
import { session } from "flagon/node";
import type { Visit } from "../scenarios.ts";
import { USER } from "../scenarios.ts";
import type { Request } from "./visitor.ts";

export interface Site {
  /** Does something, and tells how long it took and how long the requests of that time did, in milliseconds. */
  timed<Result>(act: () => Promise<Result>): Promise<{ result: Result; took: number; requests: number[] }>;
  close(): Promise<void>;
}

export async function openSite(store: Store, clock: Clock): Promise<Site> {
  const visits = sessions<Visit>({ store, clock, keys: { current: "a secret of this bench and of nothing else" } });
  const server = createServer(
    session(visits, (request, response) => {
      if (request.url === "/login") request.session.user = USER;
      response.end(request.session.user?.name ?? "stranger");
    }),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const login = await fetch(`${url}/login`);
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const visitor = fork(new URL("visitor.ts", import.meta.url), [url, cookie], { execArgv: ["--import", "tsx"] });
  const requests = async (): Promise<Request[]> => {
    visitor.send("tell");
    const [told] = (await once(visitor, "message")) as [Request[]];
    return told;
  };
  for (let met = 0; met < 50; met += (await requests()).length) await sleep(50);

  return {
    async timed(act) {
      await requests();
      const began = now();
      const result = await act();
      const ended = now();
      const met = (await requests()).filter(([start, took]) => start < ended && start + took > began);
      return { result, took: ended - began, requests: met.map(([, took]) => took) };
    },
    async close() {
      visitor.disconnect();
      await once(visitor, "exit");
      server.closeAllConnections();
      server.close();
    },
  };
}

/** An instant that another process understands. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
