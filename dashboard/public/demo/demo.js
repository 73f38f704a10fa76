// The shop's own script. It works as well without Blastdoor's.
const { blastdoor } = globalThis;
const byId = (id) => document.getElementById(id);

if (!blastdoor) byId("blocked").hidden = false;

byId("another").addEventListener("click", () => {
  blastdoor?.consent(false);
  location.reload();
});
byId("staff").addEventListener("click", () => {
  byId("who").textContent = "Kim, staff";
  blastdoor?.identify("kim", { email: "kim@shop.example" });
});
const consent = byId("consent");
if (document.querySelector("script[data-consent=required]")) {
  consent.hidden = false;
  consent.addEventListener("click", () => {
    consent.hidden = true;
    blastdoor?.consent(true);
  });
}

byId("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.question;
  const line = document.createElement("li");
  line.textContent = `${field.value} …`;
  const question = field.value;
  field.value = "";
  byId("answers").append(line);
  const answer = await blastdoor?.ask("tent-adviser", { question });
  line.textContent = `${question} ${answer ?? "Nobody can answer now."}`;
});
