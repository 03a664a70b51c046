import { cookies, headers } from "next/headers";
import { session } from "../../../../src/adapters/next.ts";
import { type Store, sessions } from "../../../../src/index.ts";
import { stage } from "./stage.ts";

interface Visit {
  user: string;
  visits: number;
}

/** The application is built before there is a stage. */
const store: Store = {
  create: (key, entry) => stage().store.create(key, entry),
  read: (key) => stage().store.read(key),
  update: (key, change) => stage().store.update(key, change),
  delete: (key) => stage().store.delete(key),
};

const visits = sessions<Visit>({ store, keys: { current: "next-app_key-for-tests-only_0123456789" } });

export const { getSession, withSession } = session(visits, { cookies, headers });

const carts = sessions<{ items: number }>({
  store,
  keys: { current: "next-app_key-for-tests-only_9876543210" },
  cookie: { name: "cart" },
});

export const { getSession: getCart, withSession: withCart } = session(carts, { cookies, headers });
