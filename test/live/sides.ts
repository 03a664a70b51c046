/** The two servers of a test, and a browser that visits both with one cookie jar. */
import { fileURLToPath } from "node:url";
import express from "express";
import { session } from "../../src/adapters/express.ts";
import { dataOf } from "../../src/core/session.ts";
import type { SessionInterface } from "../../src/index.ts";
import { browser } from "../../src/testing/browser.ts";
import { dataFromNotation, fromNotation, told, toldLoosely } from "../../scripts/vectors/notation.ts";
import { listen } from "../adapters/servers.ts";
import type { Data } from "../core/helpers.ts";
import { startFlask, untilTheEnd } from "../engines.ts";
import { type Act, perform } from "./acts.ts";
import type { Config } from "./places.ts";

const APP = fileURLToPath(new URL("app.py", import.meta.url));

/** Which server does it: Flask as it comes, Flask without `SESSION_REFRESH_EACH_REQUEST`, or Node. */
export type Side = "flask" | "calm" | "node";

export interface Sides {
  visitor(): Visitor;
  /** Several requests to Flask in one. */
  flask(visits: readonly FlaskVisit[]): Promise<FlaskAnswer[]>;
}

/** What a side tells of a session, in one text for equal values of equal types. */
export interface Seen {
  readonly status: number;
  readonly told: string;
  readonly id: string;
  /** What the acts gave, one after the other. */
  readonly results: readonly string[];
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
  /** `of the former`: what the answer before in the same list would have the next one carry. */
  readonly cookie?: string;
  readonly acts: readonly Act[];
}

export interface FlaskAnswer {
  readonly status: number;
  /** What the next request would carry. */
  readonly cookie: string;
  /** In the notation; `undefined` where the request failed. */
  readonly session: { readonly $dict: readonly (readonly [unknown, unknown])[] } | undefined;
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
      const body = visits.map((visit) => ({ cookie: "", ...visit }));
      const answer = await fetch(`${flask.url}/batch`, post(body));
      return (await answer.json()) as FlaskAnswer[];
    },
  };
}

async function startNode(sessions: SessionInterface<Data>): Promise<{ url: string }> {
  const app = express();
  app.use(session(sessions));
  app.post("/act", express.json({ limit: "10mb", strict: false }), async (req, res) => {
    const results = await perform(req.session, req.body as Act[]);
    res.json({ told: told(dataOf(req.session)), id: req.session.id, results });
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
