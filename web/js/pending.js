// The page of one pending purchase: asks until there is an outcome, and shows it.
import { showAnswer } from "./lib/notice.js";
import { outcome } from "./lib/outcome.js";

const region = document.getElementById("pending");
const here = window.location.pathname + window.location.search;
const answer = await outcome(here, (stage) =>
  showAnswer(region, stage.type === "pending" ? { type: "pending" } : stage),
);
if (!answer) showAnswer(region, { type: "unknown-purchase" });
else if (answer.type === "purchase-failed") showAnswer(region, { ...answer, type: "failed" });
else showAnswer(region, answer);
