// Flags beyond showing and hiding: what a text says, and what a click is worth.
const greet = () => {
  document.getElementById("greeting").textContent = blastdoor.get("greeting", "Welcome");
};
blastdoor.ready.then(greet);
blastdoor.onChange(greet);
for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", () => blastdoor.track("conversion"));
