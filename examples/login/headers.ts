import type { NextFunction, Request, Response } from "express";

const POLICY = ["default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'"];

/** What browsers are told of every answer: run no script, guess no type, let nobody frame us, keep no page. */
export function secure(_req: Request, res: Response, next: NextFunction): void {
  res.set("Content-Security-Policy", [...POLICY, "frame-ancestors 'none'"].join("; "));
  res.set("X-Content-Type-Options", "nosniff");
  res.set("Referrer-Policy", "same-origin");
  res.set("Cross-Origin-Opener-Policy", "same-origin");
  next();
}

/** Keeps a page out of every cache, so that the back button shows nothing of it after the logout. */
export function unkept(_req: Request, res: Response, next: NextFunction): void {
  res.set("Cache-Control", "no-store");
  next();
}
