import type { ReactNode } from "react";
import { getSession } from "../lib/session.ts";

export default async function Layout({ children }: { children: ReactNode }) {
  const { user } = await getSession();
  return (
    <html lang="en">
      <body>
        <header>{`layout: ${user ?? "nobody"}`}</header>
        {children}
      </body>
    </html>
  );
}
