import { getCart, getSession } from "../../../lib/session.ts";
import { buy } from "../actions.ts";

export default async function Cart() {
  const [session, cart] = [await getSession(), await getCart()];
  return (
    <>
      <p>{`visits: ${session.get("visits", 0)}, items: ${cart.get("items", 0)}`}</p>
      <form id="buy" action={buy} />
    </>
  );
}
