import { getSession } from "../../lib/session.ts";

export default async function Page() {
  return <p>{`visits: ${(await getSession()).get("visits", 0)}`}</p>;
}
