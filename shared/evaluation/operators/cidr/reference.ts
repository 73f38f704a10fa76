import { eachText, type Reference } from "../family.ts";
import { contains, parseAddress, parseNetwork } from "./cidr.ts";
import type { Operator } from "./schema.ts";

export const reference: Record<Operator, Reference> = {
  in_cidr: {
    holds: eachText((text, value) => {
      const address = parseAddress(text);
      const network = parseNetwork(value);
      return address && network ? contains(network, address) : undefined;
    }),
    triesEach: () => true,
  },
};
