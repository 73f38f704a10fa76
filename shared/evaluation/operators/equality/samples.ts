import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const SCALARS = [
  "pro",
  "Pro",
  "free",
  "a@x.example",
  "",
  "ü",
  "constructor",
  0,
  -1,
  1,
  18,
  18.5,
  2 ** 53 - 1,
  2 ** 53,
  true,
  false,
];

export const samples: Samples<Operator> = {
  attributes: { "/odd.name": SCALARS },
  values: { equals: SCALARS, in: SCALARS },
};
