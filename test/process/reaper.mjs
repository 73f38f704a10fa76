// Ends the servers of a test run that was itself killed, before it could stop them. The pipe on its standard input
// closes however the run ends; on it come lines "+PID" and "-PID".
let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  input += chunk;
});
process.stdin.on("end", () => {
  const left = new Set();
  for (const line of input.split("\n")) {
    if (line.startsWith("+")) left.add(Number(line.slice(1)));
    if (line.startsWith("-")) left.delete(Number(line.slice(1)));
  }
  for (const pid of left) {
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // Gone already.
    }
  }
});
// The run's own Ctrl-C reaches this process too: it goes only after its work, when the pipe closes.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
