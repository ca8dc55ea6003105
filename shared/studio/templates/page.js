const main = document.getElementById("job");
const said = document.getElementById("said");

const tabStops = () => [...main.querySelectorAll("a, summary, [tabindex]")];
const nameOf = (part) => part?.getAttribute("aria-label") ?? part?.textContent;
const isBeingMarked = () => !getSelection().isCollapsed;

const statusShown = () => main.querySelector(".badge").textContent;

function show(part) {
  const status = statusShown();
  const open = [...main.querySelectorAll("details[open]")].map((details) => details.id);
  const focused = main.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  main.innerHTML = part;
  open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (focused !== null) tabStops().find((stop) => nameOf(stop) === focused)?.focus({ preventScroll: true });
  if (statusShown() === status) return;
  said.textContent = statusShown();
  document.title = `${main.querySelector("h1").firstChild.textContent.trim()} · ${statusShown()}`;
}

async function refresh() {
  if (main.dataset.live !== "yes") return;
  try {
    const address = location.pathname + "/now" + location.search;
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const part = await answer.text();
    if (!isBeingMarked()) {
      show(part);
      main.dataset.live = answer.headers.get("x-job-live");
    }
    main.classList.remove("stale");
  } catch {
    main.classList.add("stale");
  }
  setTimeout(refresh, 2000);
}

setTimeout(refresh, 2000);
