// What every browser has and Node 18 keeps apart.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
