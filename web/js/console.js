// On every page of the console: times in the operator's own time zone, and which part this is.
import { showAllTimes } from "./lib/time.js";

showAllTimes();
for (const link of document.querySelectorAll("nav a")) {
  const { pathname } = new URL(link.href);
  const here = window.location.pathname;
  if (here === pathname || here.startsWith(`${pathname}/`)) link.ariaCurrent = "page";
}
