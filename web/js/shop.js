// Runs in the head of every page, before anything is painted, and marks whether the visitor is logged
// in: shop.css hides the links that do not fit, so that none appears or vanishes later. Without
// script all links are there. Once the page is read, it shows times in the visitor's own time zone.
import { showAllTimes } from "./lib/time.js";
import { visitor } from "./lib/visitor.js";

document.documentElement.dataset.visitor = visitor() ? "buyer" : "guest";
document.addEventListener("DOMContentLoaded", showAllTimes);
