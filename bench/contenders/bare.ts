/** Express alone: the same answers without any session. All ratios are to it. */
import type { Express, RequestHandler } from "express";
import { appOf } from "../pages.ts";
import { USER } from "../scenarios.ts";

export function bare(): Express {
  return appOf([], {
    read: answer(USER.name),
    count: answer("1"),
    login: answer("welcome"),
    set: answer("set"),
    keys: answer("0"),
  });
}

function answer(text: string): RequestHandler {
  return (_req, res) => void res.send(text);
}
