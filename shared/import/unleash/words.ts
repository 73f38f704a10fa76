import type { ContextWords } from "../model.ts";

export const context: ContextWords = {
  provider: "Unleash's OpenFeature provider",
  attributes: { userId: "targetingKey", "properties.NAME": "NAME" },
  notes: [
    "sessionId, remoteAddress, environment, appName and currentTime are attributes of these names; an app that gave them to the SDK once has to send them now.",
    "Without currentTime, dates are compared with the clock.",
    "Where Unleash would draw a random number, because the context has no field to stick to, nobody is in a share, and the first variant is served.",
    "Unleash turns a list into one text; here each element is asked for, so contexts with lists differ.",
  ],
};
