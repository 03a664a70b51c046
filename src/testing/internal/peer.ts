/** A conversation with another process, line by line. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child process to talk to, through its stdin and stdout. */
export interface Peer {
  /** The next line that it says; rejects when it has ended. */
  readonly hear: () => Promise<string>;
  /** Says a line. */
  readonly say: (line: string) => void;
  /** Waits for its end; rejects unless it succeeded. */
  readonly over: () => Promise<void>;
}

/** Talks to a child process. Throws when its stdin and stdout are no pipes. */
export function peer(child: ChildProcess): Peer {
  assert.ok(child.stdin && child.stdout, "stdin and stdout of the process have to be pipes");
  const { stdin } = child;
  // Whoever has ended hears nothing more: `over` tells how it ended.
  stdin.on("error", () => undefined);
  const end = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    hear: async () => {
      const { done, value } = await lines.next();
      assert.ok(done !== true, "the process has ended");
      return value;
    },
    say: (line) => void stdin.write(`${line}\n`),
    over: async () => assert.deepEqual(await end, [0, null], "the process has failed"),
  };
}

/** Says a line to the process that started this one, and waits for one in return. */
export async function ask(line: string): Promise<string> {
  const answers = createInterface({ input: process.stdin });
  console.log(line);
  const [answer] = (await once(answers, "line")) as [string];
  answers.close();
  return answer;
}
