import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { FALSE, TRUE } from "../../model/truth.ts";
import { parseAddress, parseNetwork } from "./cidr.ts";
import { cidrTest } from "./in-cidr.ts";

/** What ipaddr.js reads otherwise, and why ours does not follow. */
const DIFFERENCES: [text: string, ours: string | null, theirs: string | null, because: string][] = [
  ["127.1", null, "::ffff:7f00:1", "a missing octet is mostly a typing mistake"],
  ["2130706433", null, "::ffff:7f00:1", "a single number is mostly no address"],
  ["010.0.0.1", null, "::ffff:800:1", "some read a leading zero as octal, others as decimal"],
  ["0x7f.0.0.1", null, "::ffff:7f00:1", "nobody writes networks in hexadecimal with dots"],
  ["::ffff:01.2.3.4", null, "::ffff:102:304", "a leading zero is no octet here either"],
  ["::1.2.3.4", "::102:304", "::ffff:102:304", "RFC 4291, 2.5.5.1: the compatible form is not the mapped one"],
  ["fe80::1%eth0", null, "fe80::1", "a zone names an interface of one machine"],
];
const NETWORK_DIFFERENCES: [text: string, ours: string | null, theirs: string | null, because: string][] = [
  ["10.0.0.0/08", null, "::ffff:a00:0/104", "a leading zero is mostly a typing mistake"],
  ["1.2/8", null, "::ffff:100:2/104", "its address is none"],
  ["10.0.0.1", "::ffff:a00:1/128", null, "one address may stand among networks"],
  ["::1", "::1/128", null, "one address may stand among networks"],
];

type Words = readonly number[];
const wordsOf = (address: ipaddr.IPv4 | ipaddr.IPv6): Words => {
  const bytes = address.toByteArray();
  const all = bytes.length === 4 ? [...Array(10).fill(0), 255, 255, ...bytes] : bytes;
  return [0, 4, 8, 12].map((at) => new DataView(Uint8Array.from(all).buffer).getUint32(at));
};
const theirAddress = (text: string): Words | null => (ipaddr.isValid(text) ? wordsOf(ipaddr.parse(text)) : null);
const theirNetwork = (text: string): { address: Words; bits: number } | null => {
  if (!ipaddr.isValidCIDR(text)) return null;
  const [address, bits] = ipaddr.parseCIDR(text);
  return { address: wordsOf(address), bits: bits + (address.kind() === "ipv4" ? 96 : 0) };
};
const words = (text: string | null): Words | null => (text === null ? null : wordsOf(ipaddr.IPv6.parse(text)));
const network = (text: string | null) => {
  const [address, bits] = text?.split("/") ?? [];
  return address === undefined ? null : { address: words(address), bits: Number(bits) };
};

const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255));
const group = fc.oneof(fc.nat(0xffff), fc.constant(0), fc.constantFrom(1, 0xffff, 0x8000));
const v4 = fc.array(octet, { minLength: 4, maxLength: 4 }).map((octets) => new ipaddr.IPv4(octets));
const v6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => new ipaddr.IPv6(groups));

/** Every notation of an IPv6 address, short and long; the last 32 bits with dots where that is the mapped form. */
const notations = (address: ipaddr.IPv6): string[] => {
  const all = [
    address.toString(),
    address.toNormalizedString(),
    address.toNormalizedString().replace(/[^:]+/g, (group) => group.padStart(4, "0")),
    address.toRFC5952String(),
    address.toString().toUpperCase(),
  ];
  return address.isIPv4MappedAddress() ? [...all, `::ffff:${address.toIPv4Address()}`] : all;
};

/** Texts of the shape of an address, right and wrong, and without the differences listed above. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("0", "1", "00", "ffff", "FFFF", "10000", "8", "g", "") },
  { weight: 1, arbitrary: fc.nat(0x1ffff).map((value) => value.toString(16)) },
);
const nearV6 = fc
  .tuple(
    fc.array(fc.tuple(piece, fc.constantFrom(":", ":", ":", ":", "::")), { minLength: 1, maxLength: 9 }),
    fc.oneof(piece, fc.constantFrom("1.2.3.4", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1..2.3")),
  )
  .map(([pieces, last]) => pieces.map((pair) => pair.join("")).join("") + last);
const nearV4 = fc
  .array(fc.oneof(fc.nat(300).map(String), fc.constantFrom("0", "255", "256", "1a", "-1", "", " 1", "1e1")), {
    minLength: 4,
    maxLength: 5,
  })
  .map((octets) => octets.join("."));
/** `::1.2.3.4` alone of its kind: eight groups or others before the dots leave no doubt. */
const isCompatible = (text: string): boolean => /^::\d+\.\d+\.\d+\.\d+$/.test(text);
/** ipaddr.js takes an octet of a single hexadecimal or octal number; ours are decimal. */
const isFourPartDecimal = (text: string): boolean => text.includes(":") || ipaddr.IPv4.isValidFourPartDecimal(text);

describe("addresses are read as ipaddr.js reads them", () => {
  test("in each notation", () => {
    fc.assert(
      fc.property(v4, v6, (four, six) => {
        expect(parseAddress(four.toString())).toEqual(wordsOf(four));
        const mapped = four.toIPv4MappedAddress();
        for (const address of [six, mapped])
          for (const text of notations(address)) expect([text, parseAddress(text)]).toEqual([text, wordsOf(address)]);
      }),
      { numRuns: 500 },
    );
  });

  test("or refused as it refuses them", () => {
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof(nearV6, nearV4).filter((text) => !isCompatible(text)),
        (text) => {
          const theirs = isFourPartDecimal(text) ? theirAddress(text) : null;
          seen[theirs === null ? "refused" : "read"]++;
          expect([text, parseAddress(text)]).toEqual([text, theirs]);
        },
      ),
      { numRuns: 5_000 },
    );
    // Both kinds come up, or the property says nothing.
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(100);
  });

  test.each(DIFFERENCES)("but for %s", (text, ours, theirs) => {
    expect([parseAddress(text), theirAddress(text)]).toEqual([words(ours), words(theirs)]);
  });
});

describe("networks are read as ipaddr.js reads them", () => {
  test("with every length of prefix, and beyond", () => {
    fc.assert(
      fc.property(v4, v6, fc.integer({ min: -2, max: 200 }), (four, six, bits) => {
        for (const text of [`${four}/${bits}`, ...notations(six).map((address) => `${address}/${bits}`)])
          expect([text, parseNetwork(text)]).toEqual([text, theirNetwork(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    "",
    "/",
    "10.0.0.0/",
    "/8",
    "10.0.0.0/8/8",
    "10.0.0.0/ 8",
    "10.0.0.0/8 ",
    "10.0.0.0/+8",
    "::/1.5",
    "::/0x10",
  ])("or refused: %j", (text) => {
    expect([parseNetwork(text), theirNetwork(text)]).toEqual([null, null]);
  });

  test.each(NETWORK_DIFFERENCES)("but for %s", (text, ours, theirs) => {
    expect([parseNetwork(text), theirNetwork(text)]).toEqual([network(ours), network(theirs)]);
  });
});

describe("an address lies in a network as ipaddr.js says", () => {
  /** The address with one of its bits turned: what differs within the prefix and what beyond it. */
  const turned = <T extends ipaddr.IPv4 | ipaddr.IPv6>(address: T, bit: number): T => {
    const bytes = address.toByteArray();
    if (bit < bytes.length * 8) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    return ipaddr.fromByteArray(bytes) as T;
  };
  const inNetwork = (address: string, networks: string[]) => cidrTest(networks)(address);

  test.each([
    ["IPv4", v4, 32],
    ["IPv6", v6.filter((address) => !address.isIPv4MappedAddress()), 128],
  ] as const)("for %s", (_, addresses: fc.Arbitrary<ipaddr.IPv4 | ipaddr.IPv6>, most) => {
    const seen = { inside: 0, outside: 0 };
    fc.assert(
      fc.property(addresses, fc.nat(most), fc.integer({ min: -2, max: 2 }), (base, bits, off) => {
        const address = turned(base, Math.min(most, Math.max(0, bits + off)));
        // Turning a bit may make a mapped address of another: those are for the next test.
        fc.pre(address.kind() === "ipv4" || !(address as ipaddr.IPv6).isIPv4MappedAddress());
        const inside =
          address.kind() === "ipv4"
            ? (address as ipaddr.IPv4).match(base as ipaddr.IPv4, bits)
            : (address as ipaddr.IPv6).match(base as ipaddr.IPv6, bits);
        seen[inside ? "inside" : "outside"]++;
        expect(inNetwork(address.toString(), [`${base}/${bits}`])).toBe(inside ? TRUE : FALSE);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.inside, seen.outside)).toBeGreaterThan(200);
  });

  test("for a mapped address as for the IPv4 address in it", () => {
    fc.assert(
      fc.property(v4, fc.nat(32), fc.nat(33), (base, bits, bit) => {
        const mapped = turned(base, bit).toIPv4MappedAddress();
        const inside = (ipaddr.process(mapped.toString()) as ipaddr.IPv4).match(base, bits);
        for (const text of notations(mapped)) expect(inNetwork(text, [`${base}/${bits}`])).toBe(inside ? TRUE : FALSE);
      }),
      { numRuns: 500 },
    );
  });

  test("but a mapped address lies in no network of IPv6 alone, such as ::/0, which stands for any IPv6", () => {
    const mapped = ipaddr.IPv6.parse("::ffff:10.0.0.1");
    expect(mapped.match(ipaddr.IPv6.parse("::"), 0)).toBe(true);
    for (const text of ["10.0.0.1", "::ffff:10.0.0.1"]) expect(inNetwork(text, ["::/0"])).toBe(FALSE);
    expect(inNetwork("2001:db8::1", ["::/0"])).toBe(TRUE);
    expect(inNetwork("2001:db8::1", ["0.0.0.0/0"])).toBe(FALSE);
  });
});
