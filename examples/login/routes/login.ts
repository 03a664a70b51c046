import { Router } from "express";
import { token } from "../csrf.ts";
import { field } from "../form.ts";
import { unkept } from "../headers.ts";
import { show } from "../page.ts";
import { userOf, userWith } from "../users.ts";

export const login = Router();

login.get("/login", unkept, (req, res) => {
  if (userOf(req.session)) res.redirect("/");
  else show(req, res, "login");
});

login.post("/login", async (req, res) => {
  const user = await userWith(field(req, "user").trim().toLowerCase(), field(req, "password"));
  if (!user) {
    req.session.flash("That user name and password do not belong together.", "error");
    res.redirect(303, "/login");
    return;
  }
  const wanted = req.session.pop("wanted", "/");
  req.session.regenerate(); // A new id: whoever knew the old one gains nothing from this login.
  req.session.user = user.name;
  req.session.permanent = field(req, "remember") === "yes";
  token(req, true);
  req.session.flash(`Welcome, ${user.fullName}.`, "success");
  res.redirect(303, wanted);
});

login.post("/logout", (req, res) => {
  req.session.clear();
  req.session.regenerate();
  req.session.permanent = false;
  req.session.flash("You are logged out.", "info");
  res.redirect(303, "/login");
});
