import { getSession } from "../../lib/session.ts";
import { act, visit } from "./actions.ts";

export default async function Page() {
  const session = await getSession();
  return (
    <>
      <p>{`page: ${session.get("user", "nobody")}, visits: ${session.get("visits", 0)}`}</p>
      <form id="act" action={act} />
      <form id="visit" action={visit} />
    </>
  );
}
