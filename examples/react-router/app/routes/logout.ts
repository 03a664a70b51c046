import { redirect } from "react-router";
import { current } from "../session.ts";
import type { Route } from "./+types/logout";

export async function action({ context }: Route.ActionArgs) {
  (await context.get(current)()).destroy();
  throw redirect("/", 303);
}
