// Runs in the head of every page, before anything is painted, and marks whether the visitor is logged
// in: shop.css hides the links that do not fit, so that none appears or vanishes later. Without
// script all links are there.
import { visitor } from "./lib/visitor.js";

document.documentElement.dataset.visitor = visitor() ? "buyer" : "guest";
