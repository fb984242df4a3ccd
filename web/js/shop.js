// On every page: times in the visitor's own time zone.
import { showAllTimes } from "./lib/time.js";

showAllTimes();
