import { data, redirect } from "react-router";
import { current } from "../session.ts";
import type { Route } from "./+types/ends";

export async function loader({ context, request }: Route.LoaderArgs) {
  const { searchParams } = new URL(request.url);
  const session = await context.get(current)();
  session.user = "Eve";
  if (searchParams.has("regenerate")) session.regenerate();
  if (searchParams.has("destroy")) session.destroy();
  if (searchParams.has("redirect")) throw redirect("/", 303);
  if (searchParams.has("refusal")) throw data("no", 403);
  throw new Error("it ends so");
}

export default function Ends() {
  return "never seen";
}
