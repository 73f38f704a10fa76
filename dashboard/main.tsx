import { render } from "preact";
import { LocationProvider } from "preact-iso";
import { App } from "./app/app.tsx";
import { findWho, signIn } from "./domain/session.ts";
import "./styles/index.css";

/** A one-time link carries its code behind the #, which no server sees; it must not stay in the history either. */
function takeSignInCode(): string | null {
  if (!location.hash.startsWith("#/sign-in")) return null;
  const code = new URLSearchParams(location.hash.split("?")[1] ?? "").get("code");
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

const code = takeSignInCode();
let problem: unknown = null;
try {
  if (code) await signIn({ code });
} catch (error) {
  problem = error;
}
try {
  await findWho();
} catch (error) {
  problem = error;
}

const root = document.getElementById("app");
if (root)
  render(
    <LocationProvider>
      <App problem={problem} />
    </LocationProvider>,
    root,
  );
