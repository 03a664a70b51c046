import type { Request } from "express";

/** A field of the form that was sent; an empty text when there is none, or several. */
export function field(req: Request, name: string): string {
  const value = (req.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === "string" ? value : "";
}
