import type { Io } from "../command.ts";
import type { Counts } from "./moving.ts";

const WIDTH = 24;
/** Milliseconds between two lines, and between two looks of the one on a terminal. */
const LINE = 1000;
const LOOK = 200;

/** Tells how far it is: a line that rewrites itself on a terminal, else a line each second. Ends with what it returns. */
export function showProgress(counts: Counts, expected: number | undefined, io: Io): () => void {
  const began = performance.now();
  const tell = () => {
    const line = lineOf(counts, expected, (performance.now() - began) / 1000);
    io.err(io.isTerminal ? `\r\u001b[2K${line}` : `${line}\n`);
  };
  const timer = setInterval(tell, io.isTerminal ? LOOK : LINE);
  return () => {
    clearInterval(timer);
    if (io.isTerminal) io.err("\r\u001b[2K");
  };
}

function lineOf(
  { read, moved, there, unreadable, refused }: Counts,
  expected: number | undefined,
  seconds: number,
): string {
  const bar = expected === undefined ? "" : `${barOf(Math.min(read / expected, 1))} `;
  const rate = Math.round(read / seconds);
  const left = `${unreadable} unreadable, ${refused} refused`;
  return `${bar}${read} read, ${moved} moved, ${there} there already, ${left}, ${rate} a second`;
}

function barOf(share: number): string {
  const full = Math.round(share * WIDTH);
  return `[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${Math.floor(share * 100)} %`;
}
