"use server";
import { notFound, redirect } from "next/navigation";
import { getCart, getSession, withCart, withSession } from "../../lib/session.ts";

/** Changes the session, and ends in the way that the form asks for. */
export const act = withSession(async (form: FormData) => {
  const session = await getSession();
  const user = form.get("user");
  if (user === null) return session.destroy();
  session.regenerate();
  session.user = user as string;
  const end = form.get("end");
  if (end === "redirect") redirect("/page");
  if (end === "notFound") notFound();
  if (end === "throw") throw new Error("on purpose");
});

export const visit = withSession(async () => {
  (await getSession()).update("visits", (n) => (n ?? 0) + 1);
});

/** Changes two sessions, and ends in the way that the form asks for. */
export const buy = withSession(
  withCart(async (form: FormData) => {
    const [session, cart] = [await getSession(), await getCart()];
    session.update("visits", (n) => (n ?? 0) + 1);
    cart.update("items", (n) => (n ?? 0) + 1);
    if (form.get("end") === "redirect") redirect("/page/cart");
    if (form.get("end") === "throw") throw new Error("on purpose");
  }),
);
