"use server";
import { notFound, redirect } from "next/navigation";
import { getSession, withSession } from "../../lib/session.ts";

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
