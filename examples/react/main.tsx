import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, OpenFeatureProvider, useFlag } from "@openfeature/react-sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

// A build would have these from its environment.
const { url = "", key = "", visitor = "visitor-1", plan = "free" } = document.documentElement.dataset;

function Shop() {
  const { value: isNew } = useFlag("new-checkout", false);
  const { value: greeting } = useFlag("greeting", "Welcome");
  return (
    <>
      <h1>{greeting}</h1>
      <button type="button">{isNew ? "Pay in one step" : "Check out"}</button>
      <button type="button" onClick={() => OpenFeature.setContext({ targetingKey: visitor, plan: "gold" })}>
        Go for gold
      </button>
    </>
  );
}

await OpenFeature.setContext({ targetingKey: visitor, plan });
// Not awaited: until the values are there, `useFlag` gives the defaults, and then the app is rendered again.
OpenFeature.setProvider(
  new OFREPWebProvider({
    baseUrl: url,
    headers: [["Authorization", `Bearer ${key}`]],
    cacheMode: "disabled",
    pollInterval: 30_000,
  }),
);

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <OpenFeatureProvider>
      <Shop />
    </OpenFeatureProvider>
  </StrictMode>,
);
