// Uploads a picture of a product, then shows its page again.
const MOST_BYTES = 5_000_000;

const form = document.getElementById("picture-form");
const file = document.getElementById("picture-file");
const alt = document.getElementById("picture-alt");
const notice = document.getElementById("picture-notice");

function tell(tone, words) {
  notice.hidden = false;
  notice.dataset.tone = tone;
  notice.textContent = words;
}

async function problemOf(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return `The console answered with status ${response.status}.`;
  }
}

async function upload(picture) {
  if (picture.size > MOST_BYTES) {
    const megabytes = (picture.size / 1e6).toFixed(1);
    return tell("error", `${picture.name} has ${megabytes} MB; expected at most 5 MB.`);
  }
  tell("working", `Uploading ${picture.name} …`);
  const response = await fetch(`${form.dataset.address}?alt=${encodeURIComponent(alt.value)}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/octet-stream",
      "Form-Token": form.elements.namedItem("token").value,
    },
    body: picture,
  });
  if (!response.ok) return tell("error", await problemOf(response));
  tell("success", `${picture.name} is there.`);
  window.location.reload();
}

if (form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await upload(file.files[0]);
    } catch {
      tell("error", "The console could not be reached. Please try again.");
    } finally {
      button.disabled = false;
    }
  });
}
