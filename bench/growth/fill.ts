import { fill } from "./compiled.ts";

// The child of the heap test, which loads nothing else: its heap is limited.
fill();
