// Shows how long the query has been running, and loads the answer once it is there: the page itself stays as it is.
"use strict";
const shown = document.querySelector("[data-seconds]");
const before = Number(shown.dataset.seconds) * 1000;
const title = document.title;

function elapsed() {
  const seconds = Math.floor((before + performance.now()) / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${String(seconds % 60).padStart(2, "0")} s` : `${seconds} s`;
}

function count() {
  document.title = title.replace(/\(.*?\)/, `(${elapsed()})`);
  shown.textContent = elapsed();
}

async function wait() {
  try {
    // Our server answers when the query has ended, or leads back here when it may wait no longer.
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    if (answer.type !== "opaqueredirect") {
      location.reload();
      return;
    }
    setTimeout(wait, 0);
  } catch {
    setTimeout(wait, 5000); // no connection
  }
}

setInterval(count, 1000);
wait();
