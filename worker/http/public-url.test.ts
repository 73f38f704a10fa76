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
