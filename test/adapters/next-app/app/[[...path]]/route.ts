import { stage } from "../../lib/stage.ts";

/** Every path that has no page is the kit's. */
const answer = (request: Request) => stage().kit(request);

export { answer as GET, answer as HEAD, answer as POST };
