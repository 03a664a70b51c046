import { eventHandler, sendRedirect } from "h3";

export default eventHandler(async (event) => {
  (await event.context.session()).destroy();
  return sendRedirect(event, "/", 303);
});
