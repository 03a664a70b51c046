import { createError, eventHandler, getQuery, sendRedirect } from "h3";

export default eventHandler(async (event) => {
  const query = getQuery(event);
  const session = await event.context.session();
  session.user = "Eve";
  if ("regenerate" in query) session.regenerate();
  if ("destroy" in query) session.destroy();
  if ("redirect" in query) return sendRedirect(event, "/", 303);
  if ("refusal" in query) throw createError({ statusCode: 403 });
  throw new Error("it ends so");
});
