// Shows new messages while the page is open, and copies codes. What somebody has unfolded or selected is left alone.
const list = document.getElementById("messages");
const said = document.getElementById("said");

document.addEventListener("click", async (event) => {
  const code = event.target.dataset?.copy;
  if (!code) return;
  try {
    await navigator.clipboard.writeText(code);
    said.textContent = `Copied ${code}.`;
  } catch {
    said.textContent = "The browser did not allow copying; select the code instead.";
  }
});

async function look() {
  try {
    const answer = await fetch("/mailbox", { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("messages");
    for (const open of list.querySelectorAll("article:has(details[open])")) {
      fresh.querySelector(`[id="${open.id}"] details`)?.setAttribute("open", "");
    }
    const busy = document.activeElement?.dataset?.copy || !document.getSelection()?.isCollapsed;
    if (!busy && fresh.innerHTML !== list.innerHTML) list.innerHTML = fresh.innerHTML;
  } catch {
    // The server restarts; the next look finds it again.
  }
  setTimeout(look, 1000);
}
setTimeout(look, 1000);
