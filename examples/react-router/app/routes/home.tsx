import { current } from "../session.ts";
import type { Route } from "./+types/home";

export async function loader({ context }: Route.LoaderArgs) {
  const { user = "stranger" } = await context.get(current)();
  return { user };
}

export default function Home({ loaderData: { user } }: Route.ComponentProps) {
  const [path, word] = user === "stranger" ? ["/login", "Log in"] : ["/logout", "Log out"];
  return (
    <>
      <h1>{`Hello ${user}`}</h1>
      <form method="post" action={path}>
        <button>{word}</button>
      </form>
    </>
  );
}
