import { eventHandler, sendRedirect } from "h3";

export default eventHandler(async (event) => {
  const session = await event.context.session();
  session.regenerate(); // whoever knew the old id gains nothing from this login
  session.user = "Ada"; // a real one asks for a password
  return sendRedirect(event, "/", 303);
});
