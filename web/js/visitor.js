// In the head of every page, before anything is painted: which links fit the visitor, so that none of
// them comes or goes later. shop.css hides the others; without script all are there.
import { visitor } from "./lib/visitor.js";

document.documentElement.dataset.visitor = visitor() ? "buyer" : "guest";
