// The page of one pending purchase: stays with it until there is an outcome.
import { showAnswer } from "./notice.js";
import { outcome } from "./outcome.js";

const notice = document.getElementById("pending");
const here = window.location.pathname + window.location.search;
const answer = await outcome(here, (stage) =>
  showAnswer(notice, stage.type === "pending" ? { type: "pending" } : stage),
);
if (!answer) showAnswer(notice, { type: "unknown-purchase" });
else if (answer.type === "purchase-failed") showAnswer(notice, { ...answer, type: "failed" });
else showAnswer(notice, answer);
