import { redirect } from "react-router";
import { current } from "../session.ts";
import type { Route } from "./+types/login";

export async function action({ context }: Route.ActionArgs) {
  const session = await context.get(current)();
  session.regenerate(); // whoever knew the old id gains nothing from this login
  session.user = "Ada"; // a real one asks for a password
  throw redirect("/", 303);
}
