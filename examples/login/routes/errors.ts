import type { NextFunction, Request, Response } from "express";
import { SessionError } from "flagon";
import { unkept } from "../headers.ts";
import { show, showPlain } from "../page.ts";

const WORDS = new Map([
  [403, { title: "This form is too old", text: "Open the page again, and send it once more." }],
  [404, { title: "There is no such page", text: "The address may be mistyped." }],
  [409, { title: "That did not work out", text: "Your session ended elsewhere meanwhile. Please try again." }],
  [413, { title: "That is too much", text: "Please send less." }],
  [
    503,
    { title: "We cannot reach your session just now", text: "You are not logged out. Please try again in a moment." },
  ],
]);
const OTHERWISE = { title: "Something went wrong", text: "It is our fault, and we were told of it." };

export function notFound(req: Request, res: Response): void {
  res.status(404);
  show(req, res, "error", WORDS.get(404));
}

/** The session itself may be what failed, so its page needs none. */
export function showError(error: unknown, req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(error);
    return;
  }
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  unkept(req, res, () => showPlain(res.status(status), "error", WORDS.get(status) ?? OTHERWISE));
}

function statusOf(error: unknown): number {
  if (error instanceof SessionError) return error.code === "SIZE" ? 413 : error.status;
  const status: unknown = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}
