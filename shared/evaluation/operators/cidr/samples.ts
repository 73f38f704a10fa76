import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

export const samples: Samples<Operator> = {
  attributes: {
    ip: ["10.0.0.1", "10.255.1.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8:1::", "1.2.3", "::1"],
  },
  values: {
    in_cidr: ["10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "::/0", "::ffff:0:0/96", "0.0.0.0/0", "10.0.0.0/40"],
  },
};
