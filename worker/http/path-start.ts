/** Where the path begins in a request's address: behind `https://host`. */
export const pathStart = (url: string): number => url.indexOf("/", url.indexOf("://") + 3);
