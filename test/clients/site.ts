import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { root } from "../process/server.ts";

/** A site of another origin, under a policy that lets in nothing but its own script, the gate's and requests to it. */
export interface Site extends AsyncDisposable {
  origin: string;
  /** The page's body and its module script, bundled with the stock packages. */
  serve(body: string, script?: string): Promise<void>;
}

export async function openSite(flags: string): Promise<Site> {
  let page = "";
  let code = "";
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    if (pathname === "/favicon.ico") return response.writeHead(404).end();
    response.setHeader("Content-Type", pathname === "/page.js" ? "text/javascript" : "text/html");
    const policy = `default-src 'none'; script-src 'self' ${flags}/blastdoor.js ${flags}/flags/blastdoor.js; connect-src ${flags}`;
    response.setHeader("Content-Security-Policy", policy);
    response.end(pathname === "/page.js" ? code : pathname === "/elsewhere" ? "<!doctype html>Elsewhere" : page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async serve(body, script) {
      const module = script === undefined ? "" : '<script type="module" src="/page.js"></script>';
      page = `<!doctype html><title>Shop</title>${body}${module}`;
      if (script === undefined) return;
      const stdin = { contents: script, resolveDir: root };
      const bundled = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "silent" });
      code = bundled.outputFiles[0]?.text ?? "";
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * A page with the stock web provider. It shows the flag as `data-banner`; the
 * address names key, context and options of the provider.
 */
export const PROVIDER_PAGE = `
  import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
  import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
  const { url, key, cacheMode, pollInterval, ...context } = Object.fromEntries(new URLSearchParams(location.search));
  const client = OpenFeature.getClient();
  const show = () => {
    document.body.dataset.banner = client.getStringValue("banner", "default");
  };
  for (const event of ["Ready", "ConfigurationChanged", "ContextChanged", "Stale", "Error"])
    OpenFeature.addHandler(ProviderEvents[event], show);
  window.statusNow = () => client.providerStatus;
  window.become = (context) => OpenFeature.setContext(context);
  await OpenFeature.setContext(context);
  await OpenFeature.setProviderAndWait(
    new OFREPWebProvider({
      baseUrl: url,
      headers: [["Authorization", "Bearer " + key]],
      cacheMode: cacheMode ?? "disabled",
      pollInterval: Number(pollInterval ?? 30_000),
    }),
  ).catch(() => {});
  show();
`;

/** The same page, started from the values that its server has handed over. */
export const STARTED_PAGE = `import { startFrom } from "./client/browser/index.ts";${PROVIDER_PAGE.replace(
  "baseUrl: url,",
  "baseUrl: url, fetchImplementation: startFrom(),",
)}`;

/** The same flag through OpenFeature's React SDK, in StrictMode. `renders` holds every value that was rendered. */
export const REACT_PAGE = `
  import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
  import { OpenFeature, OpenFeatureProvider, useFlag } from "@openfeature/react-sdk";
  import { createElement, StrictMode, useEffect } from "react";
  import { createRoot } from "react-dom/client";
  const { url, key, ...context } = Object.fromEntries(new URLSearchParams(location.search));
  window.become = (context) => OpenFeature.setContext(context);
  window.renders = new Set();
  function Banner() {
    const { value } = useFlag("banner", "default");
    renders.add(value);
    useEffect(() => {
      document.body.dataset.banner = value;
    }, [value]);
    return createElement("p", null, value);
  }
  await OpenFeature.setContext(context);
  const headers = [["Authorization", "Bearer " + key]];
  OpenFeature.setProvider(new OFREPWebProvider({ baseUrl: url, headers, cacheMode: "disabled", pollInterval: 30_000 }));
  const app = createElement(OpenFeatureProvider, null, createElement(Banner));
  createRoot(document.body.appendChild(document.createElement("div"))).render(createElement(StrictMode, null, app));
`;
