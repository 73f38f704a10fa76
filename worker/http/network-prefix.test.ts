import { expect, test } from "vitest";
import { networkPrefix } from "./network-prefix.ts";

test.each([
  ["203.0.113.7", "203.0.113"],
  ["203.0.113.250", "203.0.113"],
  ["::ffff:203.0.113.7", "203.0.113"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1"],
  ["2001:0DB8:0001::6", "2001:db8:1"],
  ["2001:db8::1", "2001:db8:0"],
  ["::1", "0:0:0"],
  ["nonsense", null],
  ["", null],
])("the network of %s is %s", (address, prefix) => {
  expect(networkPrefix(address)).toBe(prefix);
});
