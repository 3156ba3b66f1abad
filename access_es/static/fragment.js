// A deep link's #fragment never reaches the server. The link to the provider takes it along in `next`.
"use strict";
for (const link of document.querySelectorAll("a[data-next]")) {
  link.addEventListener("click", () => {
    if (location.hash.length > 1 && link.dataset.next && !link.dataset.next.includes("#")) {
      const target = new URL(link.href);
      target.searchParams.set("next", link.dataset.next + location.hash);
      link.href = target.href;
    }
  });
}
