/** The two servers of a test, and a browser that visits both with one cookie jar. */
import { fileURLToPath } from "node:url";
import express from "express";
import { session } from "../../src/adapters/express.ts";
import type { SessionInterface } from "../../src/index.ts";
import { browser } from "../../src/testing/browser.ts";
import { dataFromNotation, fromNotation, told, toldLoosely } from "../../scripts/vectors/notation.ts";
import { listen } from "../adapters/servers.ts";
import type { Data } from "../core/helpers.ts";
import { startFlask, untilTheEnd } from "../engines.ts";
import { type Act, type Seen, perform } from "./acts.ts";
import type { Config } from "./places.ts";

const APP = fileURLToPath(new URL("app.py", import.meta.url));

/** Which server does it: Flask as it comes, Flask without `SESSION_REFRESH_EACH_REQUEST`, or Node. */
export type Side = "flask" | "calm" | "node";

export interface Sides {
  visitor(): Visitor;
  /** Several requests to Flask in one. */
  flask(visits: readonly FlaskVisit[]): Promise<FlaskAnswer[]>;
}

/** One cookie jar for both servers. */
export interface Visitor {
  visit(side: Side, ...acts: Act[]): Promise<Seen>;
  /** What the next request carries. */
  cookie(): string | undefined;
  /** What somebody sees who comes with a copy of a cookie. */
  visitWith(cookie: string, side: Side): Promise<Seen>;
}

export interface FlaskVisit {
  readonly cookie: string | undefined;
  readonly acts: readonly Act[];
}

export interface FlaskAnswer {
  readonly status: number;
  readonly setCookies: readonly string[];
  /** In the notation; absent where the status is none of success. */
  readonly session?: unknown;
}

export async function startSides(config: Config, sessions: SessionInterface<Data>): Promise<Sides> {
  const env = { LIVE_CONFIG: JSON.stringify(config), TZ: "UTC" };
  const flask = await untilTheEnd(startFlask(APP, { env }));
  const node = await startNode(sessions);
  const addresses = { flask: flask.url, calm: `${flask.url}/calm`, node: node.url };
  return {
    visitor() {
      const tab = browser(node.url);
      const visit = async (side: Side, acts: readonly Act[], by = tab, cookie?: string) => {
        const request = { ...post(acts), ...(cookie !== undefined && { cookie }) };
        return seenBy(side, await by.visit(`${addresses[side]}/act`, request));
      };
      return {
        visit: (side, ...acts) => visit(side, acts),
        visitWith: (cookie, side) => visit(side, [], browser(node.url), cookie),
        cookie: () => tab.cookies(),
      };
    },
    async flask(visits) {
      const answer = await fetch(`${flask.url}/batch`, post(visits));
      return (await answer.json()) as FlaskAnswer[];
    },
  };
}

async function startNode(sessions: SessionInterface<Data>): Promise<{ url: string }> {
  const app = express();
  app.use(session(sessions));
  app.post("/act", express.json({ limit: "10mb", strict: false }), async (req, res) => {
    res.json(await perform(req.session, req.body as Act[]));
  });
  const { url, close } = await listen(app);
  return untilTheEnd(Promise.resolve({ url, stop: close }));
}

function post(body: unknown) {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

interface Answer {
  session: unknown;
  told: string;
  id: string;
  results: unknown[];
}

function seenBy(side: Side, { status, text }: { status: number; text: string }): Seen {
  if (status !== 200) return { status, told: text, id: "", results: [] };
  const { session: typed, told: tellings, id, results } = JSON.parse(text) as Answer;
  const kept = results.map((result) => toldLoosely(fromNotation(result)));
  return { status, told: side === "node" ? tellings : tellOf(typed), id, results: kept };
}

/** What Flask told of a session, in the words in which Node tells it. */
export function tellOf(typed: unknown): string {
  return told(dataFromNotation(typed));
}
