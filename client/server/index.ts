export type { BlastdoorProviderOptions, WebSocketConstructor, WebSocketLike } from "./options.ts";
export { BlastdoorProvider } from "./provider.ts";
