/** People to begin with; every attribute is only an example. */
export const SAMPLES = [
  { name: "A visitor", context: { targetingKey: "visitor-1" } },
  {
    name: "A signed-in customer",
    context: { targetingKey: "kim", country: "DE", appVersion: "3.4.0", signedIn: true },
  },
  { name: "A colleague", context: { targetingKey: "ada", email: "ada@shop.example", country: "NL", beta: true } },
] as const;
