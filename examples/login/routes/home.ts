import { Router } from "express";
import { unkept } from "../headers.ts";
import { show } from "../page.ts";

export const home = Router();

home.get("/", unkept, (req, res) => show(req, res, "home", { isNew: req.session.isNew }));

home.get("/favicon.ico", (_req, res) => res.redirect(301, "/favicon.svg"));
