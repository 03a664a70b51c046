/** What a format cannot carry: neither side saves it, and neither saves anything of that request. */
import { Visitor } from "../core/helpers.ts";
import { perform } from "./acts.ts";
import type { Format } from "./places.ts";
import type { Playing } from "./rounds.ts";

const MARKUP = { $markup: "<b>" };
const HALF = "\ud83d";

/** One of each kind, in the notation. */
export const REFUSED: Record<Format, readonly (readonly [what: string, value: unknown])[]> = {
  tagged: [
    [
      "a dict whose keys cannot be sorted",
      {
        $dict: [
          [1, 1],
          ["b", 2],
        ],
      },
    ],
    ["a dict with a key of bytes", { $dict: [[{ $bytes: "AA==" }, 1]] }],
  ],
  msgpack: [
    ["an integer of 65 bits", { $int: String(2n ** 64n) }],
    ["a negative integer of 65 bits", { $int: String(-(2n ** 63n) - 1n) }],
    ["Markup", MARKUP],
    ["half of a surrogate pair", HALF],
  ],
  json: [
    ["Markup", MARKUP],
    ["half of a surrogate pair", HALF],
    ["a dict with a key of None", { $dict: [[null, 1]] }],
    ["a dict with a key of True", { $dict: [[true, 1]] }],
  ],
};

/** What Flask answers to the request that sets it, and what Node throws. */
export async function attempt({ sides, sessions }: Playing, value: unknown): Promise<unknown[]> {
  const [flask] = await sides.flask([{ acts: [["set", "key", value]] }]);
  const node = new Visitor(sessions);
  const session = await node.open();
  await perform(session, [["set", "key", value]]);
  const thrown: unknown = await node.save(session).catch((error: unknown) => error);
  return [flask?.status, flask?.cookie, (thrown as { code?: string }).code, node.cookie];
}
