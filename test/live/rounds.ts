/** Rounds of random data: each goes from Flask to Node and back, and the other way round. */
import fc from "fast-check";
import { isPythonOnly, told } from "../../scripts/vectors/notation.ts";
import { dataOf } from "../../src/core/session.ts";
import type { SessionInterface } from "../../src/index.ts";
import { type Data, Visitor } from "../core/helpers.ts";
import { type Act, perform } from "./acts.ts";
import { type Place, isStored } from "./places.ts";
import { type FlaskAnswer, type Sides, tellOf } from "./sides.ts";
import { sessionOf } from "./values.ts";

export interface Playing {
  readonly place: Place;
  readonly sides: Sides;
  readonly sessions: SessionInterface<Data>;
}

export interface Tally {
  /** Sessions of random data that went both ways. */
  kept: number;
  /** Sessions whose cookie was too large for a browser: Flask sends it, Node refuses. */
  refused: number;
  /** The most bytes of a session in the notation. */
  largest: number;
}

/** Throws at the first difference, with the smallest session that shows it. */
export async function play(playing: Playing, numRuns: number): Promise<Tally> {
  const tally = { kept: 0, refused: 0, largest: 0 };
  const property = fc.asyncProperty(sessionOf(playing.place), async (given) => {
    tally[await round(playing, given)]++;
    tally.largest = Math.max(tally.largest, JSON.stringify(given).length);
  });
  await fc.assert(property, { numRuns });
  return tally;
}

/** What a browser keeps of a cookie: its name and its value together. */
const MOST_BYTES = 4096;
const ALSO: Act = ["set", "also", [1, { $float: "1.0" }, "é"]];

async function round(playing: Playing, given: unknown): Promise<"kept" | "refused"> {
  const { sides, sessions } = playing;
  const [, kept] = await sides.flask([{ acts: [["setAll", given]] }, { cookie: "of the former", acts: [] }]);
  const expected = sessionIn(kept);
  const [ofFlask, ofNode] = [new Visitor(sessions), new Visitor(sessions)];
  ofFlask.cookie = kept?.cookie;
  same("Node reads what Flask wrote", await seenBy(ofFlask), tellOf(expected));
  const setAll: Act = ["setAll", isPythonOnly(given) ? expected : given];
  if ((kept?.cookie.length ?? 0) > MOST_BYTES) return refusal(ofNode, setAll);

  await doneBy(ofFlask, ALSO);
  await doneBy(ofNode, setAll);
  const [rewritten, written, again] = await sides.flask([
    { cookie: ofFlask.cookie ?? "", acts: [] },
    { cookie: ofNode.cookie ?? "", acts: [] },
    { cookie: ofNode.cookie ?? "", acts: [ALSO] },
  ]);
  const texts = [withoutAlso(rewritten), expected].map(
    isStored(playing.place) ? (each) => JSON.stringify(each) : tellOf,
  );
  same("Flask reads what Node wrote anew", texts[0] ?? "", texts[1] ?? "");
  same("Flask reads what Node wrote", tellOf(sessionIn(written)), tellOf(expected));
  ofNode.cookie = again?.cookie;
  same("Node reads what Flask wrote anew", await seenBy(ofNode), tellOf(sessionIn(again)));
  return "kept";
}

function same(what: string, ours: string, theirs: string): void {
  if (ours === theirs) return;
  const at = Array.from(theirs).findIndex((char, index) => char !== ours[index]);
  const around = (text: string) => text.slice(Math.max(at - 60, 0), at + 200);
  throw new Error(`${what}:\n   sees …${around(ours)}\n  wants …${around(theirs)}`);
}

function sessionIn(answer: FlaskAnswer | undefined): NonNullable<FlaskAnswer["session"]> {
  if (!answer?.session) throw new Error(`Flask answered ${answer?.status}`);
  return answer.session;
}

/** Takes out what the other side has set, and sees to it that it was there. */
function withoutAlso(answer: FlaskAnswer | undefined): unknown {
  const { $dict } = sessionIn(answer);
  same(
    "The key of the other side",
    JSON.stringify($dict.find(([key]) => key === "also")),
    JSON.stringify(ALSO.slice(1)),
  );
  return { $dict: $dict.filter(([key]) => key !== "also") };
}

async function seenBy(node: Visitor): Promise<string> {
  return told(dataOf(await node.open()));
}

async function doneBy(node: Visitor, act: Act): Promise<void> {
  const session = await node.open();
  await perform(session, [act]);
  await node.save(session);
}

/** Node sends no cookie that browsers drop, and says so. */
async function refusal(node: Visitor, act: Act): Promise<"refused"> {
  const code: unknown = await doneBy(node, act).then(
    () => "none",
    (error: { code?: unknown }) => error.code,
  );
  same("Node refuses a cookie that browsers drop", String(code), "SIZE");
  return "refused";
}
