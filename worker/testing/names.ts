/** A project's key that no other test uses: files share one workerd, and what earlier ones stored. */
export const newName = (): string => `shop-${crypto.randomUUID().slice(0, 13)}`;
