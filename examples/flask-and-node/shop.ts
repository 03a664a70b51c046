// The part of the site that has moved to Node: the same visitors, the same sessions.
import express, { type Express } from "express";
import type { SessionInterface } from "flagon";
import { session } from "flagon/express";
import { flaskSession } from "flagon/flask";

declare module "flagon" {
  interface SessionData {
    user: string;
    cart: string[];
  }
}

/** The very keys that app.py has. */
const sessions: SessionInterface = flaskSession({
  SECRET_KEY: process.env["SECRET_KEY"] ?? null,
  SESSION_TYPE: "redis",
  SESSION_REDIS: process.env["SESSION_REDIS"] ?? null,
  SESSION_USE_SIGNER: true,
  SESSION_PERMANENT: false,
  SESSION_COOKIE_SAMESITE: "Lax",
  SESSION_REFRESH_EACH_REQUEST: false,
});

export const shop: Express = express();
shop.use(session(sessions));

shop.get("/shop", (req, res) => {
  const { user = "stranger", cart = [] } = req.session;
  const messages = req.session.takeFlashes().map((message) => `<p role="status">${escape(String(message))}</p>`);
  res.send(`<!doctype html>
<title>The new shop</title>
${messages.join("")}
<h1>Shop of ${escape(user)}</h1>
<p>Things in your cart: <output>${cart.length}</output></p>
<form method="post" action="/shop/cart"><button>Buy a pen</button></form>
<form method="post" action="/shop/logout"><button>Log out</button></form>
<footer>Served by Node</footer>`);
});

shop.post("/shop/cart", (req, res) => {
  // Run again on what is there, if another tab was first.
  req.session.update("cart", (cart = []) => [...cart, "pen"]);
  req.session.flash("A pen is in your cart.");
  res.redirect(303, "/");
});

shop.post("/shop/logout", (req, res) => {
  req.session.clear();
  res.redirect(303, "/");
});

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
