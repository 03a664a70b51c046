import { getSession } from "../session.ts";

export default async function Home() {
  const { user = "stranger" } = await getSession();
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
