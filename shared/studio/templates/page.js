const main = document.getElementById("job");

async function refresh() {
  if (main.dataset.live !== "yes") return;
  try {
    const address = location.pathname + "/now" + location.search;
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const open = [...main.querySelectorAll("details[open]")].map((part) => part.id);
    main.innerHTML = await answer.text();
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    main.dataset.live = answer.headers.get("x-job-live");
    document.title = answer.headers.get("x-job-title");
    main.classList.remove("stale");
  } catch {
    main.classList.add("stale");
  }
  setTimeout(refresh, 2000);
}

setTimeout(refresh, 2000);
