import { describe, expect, test } from "vitest";
import { targetProblem } from "./public-url.ts";

describe("a webhook may go to", () => {
  test.each([
    "https://hooks.slack.com/services/T0/B0/x",
    "https://alerts.shop.example.com:8443/hook?x=1",
    "https://93.184.216.34/",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    "https://internal.shop.com/",
    "https://localhost.shop.com/",
    "https://shop.example.com./hook",
    "https://_hooks.shop-1.example.co.uk/",
    "https://127.0.0.1.shop.com/",
    "https://bücher.example/",
    "https://shop.xn--p1ai/",
    `https://${"a".repeat(63)}.example.com/`,
  ])("%s", (url) => {
    expect(targetProblem(url, false)).toBeNull();
  });
});

describe("a webhook may not go to", () => {
  test.each([
    ["plain http", "http://shop.example.com/"],
    ["another scheme", "ftp://shop.example.com/"],
    ["a script", "javascript:alert(1)"],
    ["no URL", "shop.example.com/hook"],
    ["a user name", "https://user@shop.example.com/"],
    ["a password", "https://user:pass@shop.example.com/"],
    ["localhost", "https://localhost/"],
    ["localhost with a dot", "https://localhost./"],
    ["localhost with two dots", "https://localhost../"],
    ["localhost with many dots", `https://localhost${".".repeat(20)}/`],
    ["localhost with encoded dots", "https://localhost%2E%2E/"],
    ["localhost with an ideographic dot", "https://localhost。。/"],
    ["localhost, percent-encoded", "https://%6c%6f%63alhost/"],
    ["localhost with a soft hyphen", "https://loc\u00adalhost/"],
    ["localhost in circled letters", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/"],
    ["localhost with a port and two dots", "https://localhost..:8443/"],
    ["localhost behind backslashes", "https:\\\\localhost..\\hook"],
    ["a public name with two dots", "https://shop.example.com../"],
    ["an empty first label", "https://.example.com/"],
    ["an empty label", "https://shop..example.com/"],
    ["nothing but dots", "https://.../"],
    ["a label of 64 characters", `https://${"a".repeat(64)}.example.com/`],
    ["a name of more than 253 characters", `https://${"abcdefg.".repeat(32)}example.com/`],
    ["a name with other characters", "https://a,b.example.com/"],
    ["a wildcard", "https://*.example.com/"],
    ["a label that ends in a hyphen", "https://a-.example.com/"],
    ["a service of a cluster", "https://api.default.svc/"],
    ["another name for loopback", "https://app.localdev.me/"],
    ["a name within localhost", "https://app.localhost/"],
    ["a single label", "https://metadata/"],
    ["Google's metadata", "https://metadata.google.internal/"],
    ["mDNS", "https://printer.local/"],
    ["a home network", "https://router.home.arpa/"],
    ["names for any address", "https://127.0.0.1.nip.io/"],
    ["the same, in capitals", "https://10.0.0.1.SSLIP.IO/"],
    ["loopback", "https://127.0.0.1/"],
    ["loopback, another", "https://127.8.9.10/"],
    ["loopback, short", "https://127.1/"],
    ["loopback, decimal", "https://2130706433/"],
    ["loopback, octal", "https://0177.0.0.1/"],
    ["loopback, hexadecimal", "https://0x7f.0x0.0x0.0x1/"],
    ["loopback, one hexadecimal number", "https://0x7f000001/"],
    ["loopback, full-width digits", "https://１２７.０.０.１/"],
    ["loopback with a dot", "https://127.0.0.1./"],
    ["loopback with two dots", "https://127.0.0.1../"],
    ["loopback with three dots", "https://127.0.0.1.../"],
    ["loopback, full-width, with two dots", "https://１２７．０．０．１．．/"],
    ["loopback, decimal, with two dots", "https://2130706433../"],
    ["loopback, hexadecimal, with two dots", "https://0x7f.1../"],
    ["loopback, octal, with two dots", "https://0177.0.0.1../"],
    ["a zone of IPv6", "https://[fe80::1%25eth0]/"],
    ["this network", "https://0.0.0.0/"],
    ["zero", "https://0/"],
    ["private 10", "https://10.1.2.3/"],
    ["private 172.16", "https://172.31.255.255/"],
    ["private 192.168", "https://192.168.0.1/"],
    ["carrier NAT", "https://100.64.0.1/"],
    ["link-local, the clouds' metadata", "https://169.254.169.254/latest/meta-data"],
    ["metadata, decimal", "https://2852039166/"],
    ["metadata, octal", "https://0251.0376.0251.0376/"],
    ["benchmarks", "https://198.19.0.1/"],
    ["documentation", "https://203.0.113.9/"],
    ["multicast", "https://224.0.0.1/"],
    ["broadcast", "https://255.255.255.255/"],
    ["IPv6 loopback", "https://[::1]/"],
    ["IPv6 unspecified", "https://[::]/"],
    ["IPv6 link-local", "https://[fe80::1]/"],
    ["IPv6 unique local", "https://[fd00:ec2::254]/"],
    ["IPv6 multicast", "https://[ff02::1]/"],
    ["IPv4 mapped", "https://[::ffff:127.0.0.1]/"],
    ["IPv4 mapped, in hexadecimal", "https://[::ffff:a9fe:a9fe]/"],
    ["IPv4 compatible", "https://[::127.0.0.1]/"],
    ["NAT64", "https://[64:ff9b::10.0.0.1]/"],
    ["6to4 of a private address", "https://[2002:0a00:0001::]/"],
    ["Teredo", "https://[2001:0:4136:e378::]/"],
    ["IPv6 documentation", "https://[2001:db8::1]/"],
  ])("%s", (_what, url) => {
    expect(targetProblem(url, false)).not.toBeNull();
  });
});

test("development may allow local targets, and nothing but http and https even then", () => {
  expect(targetProblem("http://127.0.0.1:9999/hook", true)).toBeNull();
  expect(targetProblem("https://localhost/", true)).toBeNull();
  for (const url of ["ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "nothing"])
    expect(targetProblem(url, true)).not.toBeNull();
});
