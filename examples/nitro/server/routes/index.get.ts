import { eventHandler } from "h3";

export default eventHandler(async (event) => {
  const { user = "stranger" } = await event.context.session();
  const [path, word] = user === "stranger" ? ["/login", "Log in"] : ["/logout", "Log out"];
  return `<h1>Hello ${user}</h1><form method="post" action="${path}"><button>${word}</button></form>`;
});
