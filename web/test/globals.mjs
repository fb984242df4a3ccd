// Globals of every browser that Node 18 has in modules only.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
