import type { ServerResponse } from "node:http";
import { SessionError } from "../../errors.ts";

/** What a browser is answered where its request failed. Tells nothing of the error but its kind. */
export interface Refusal {
  status: number;
  headers: [name: string, value: string][];
  text: string;
}

const TEXTS: Readonly<Record<number, string>> = { 409: "Conflict", 503: "Service Unavailable" };

/** The answer to an error: by the status of a `SessionError`, 500 for any other. No cache keeps it. */
export function refusalOf(error: unknown): Refusal {
  const status = error instanceof SessionError ? error.status : 500;
  const headers: Refusal["headers"] = [
    ["Cache-Control", "no-store"],
    ["Vary", "Cookie"],
  ];
  if (status === 503) headers.push(["Retry-After", "1"]);
  return { status, headers, text: TEXTS[status] ?? "Internal Server Error" };
}

/** Sends that text, where nobody else answers; an answer that is on its way is broken off. */
export function answer(response: ServerResponse, text: string): void {
  if (!response.headersSent) {
    // Over HTTP/2 it does not give the response.
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(text);
  } else if (!response.writableEnded) response.destroy();
}

/** Whether an error that was thrown became an answer on purpose, as Flask's `abort(403)`: what the handler did counts. */
export function isAnswer(status: number): boolean {
  return status >= 400 && status < 500;
}

/** What was thrown, for a framework that knows an error by its class. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error("the session could not be opened or saved", { cause: thrown });
}
