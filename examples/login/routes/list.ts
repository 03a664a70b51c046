import { type NextFunction, type Request, type Response, Router } from "express";
import { unkept } from "../headers.ts";
import { show } from "../page.ts";
import { userOf } from "../users.ts";

const PAPERS = [
  { year: 1843, author: "A. A. Lovelace", title: "Notes on the Analytical Engine" },
  { year: 1936, author: "A. M. Turing", title: "On Computable Numbers" },
  { year: 1952, author: "G. M. Hopper", title: "The Education of a Computer" },
  { year: 1978, author: "C. A. R. Hoare", title: "Communicating Sequential Processes" },
  { year: 1984, author: "J. H. Saltzer, D. P. Reed, D. D. Clark", title: "End-to-End Arguments in System Design" },
];

export const list = Router();

list.get("/list", unkept, onlyUsers, (req, res) => show(req, res, "list", { papers: PAPERS }));

/** Sends visitors to the login, and remembers where they wanted to go. */
function onlyUsers(req: Request, res: Response, next: NextFunction): void {
  if (userOf(req.session)) {
    next();
    return;
  }
  req.session.wanted = req.originalUrl;
  req.session.flash("Please log in first.", "info");
  res.redirect("/login");
}
