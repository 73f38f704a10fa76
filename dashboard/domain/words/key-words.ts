const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Why a flag, variant, rule or segment cannot be called this; null when it can. */
export function keyProblem(key: string): string | null {
  if (key === "") return "A name is needed";
  if (!/^[A-Za-z0-9]/.test(key)) return "Start with a letter or digit";
  if (!KEY.test(key)) return "Only letters, digits, dots, hyphens and underscores, at most 100";
  return null;
}

/** A name for code out of words for people: "New checkout!" becomes "new-checkout". */
export const keyOf = (words: string): string => plain(words).slice(0, 100);
/** The same for projects and environments, which stand in addresses. */
export const slugOf = (words: string): string =>
  plain(words.toLowerCase().replaceAll(/[._]/g, "-")).slice(0, 40).replace(/-$/, "");

function plain(words: string): string {
  return words
    .normalize("NFKD")
    .replaceAll(/[̀-ͯ]/g, "")
    .replaceAll(/[^A-Za-z0-9._]+/g, "-")
    .replaceAll(/^[-._]+|[-]+$/g, "");
}
