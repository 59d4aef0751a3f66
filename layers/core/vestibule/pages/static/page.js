"use strict";
// What the pages can do besides.
(() => {
  const all = (selector) => document.querySelectorAll(selector);
  const told = document.currentScript.dataset;

  for (const button of all(".reveal")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
    };
    button.hidden = false;
    button.addEventListener("click", () => show(input.type === "password"));
    input.form.addEventListener("submit", () => show(false)); // or password managers keep no password
  }

  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const label = button.textContent;
    const source = document.getElementById(button.dataset.copy);
    const codes = [...source.querySelectorAll("code")].map((code) => code.textContent).join("\n");
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(codes || source.textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = label), 2000);
    });
  }

  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  for (const note of all("[data-scriptless]")) note.remove();

  // The functions come from the server's script; only their names stand in the page.
  const call = (name, value) => {
    let options;
    try { options = JSON.parse(value); } catch {}
    return typeof window[name] === "function" ? window[name](options) : undefined;
  };
  const say = (button, text, kind) => {
    const note = document.createElement("p");
    Object.assign(note, { className: kind, role: "alert", textContent: text });
    button.after(note);
    return note;
  };
  for (const button of all("[data-trigger]")) {
    let failed;
    if (!window.PublicKeyCredential) {
      say(button, told.unsupported, "hint");
      continue;
    }
    button.disabled = false;
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      failed?.remove();
      try { await call(button.dataset.trigger, button.value); } catch { failed = say(button, told.failed, "message error"); }
    });
  }
  for (const input of all("[data-onload]")) call(input.dataset.onload);

  for (const button of all("[data-wait]")) {
    const label = button.textContent;
    let left = Number(button.dataset.wait);
    const hold = (event) => event.preventDefault();
    const tick = () => {
      if (left > 0) {
        button.textContent = button.dataset.waiting.replace("#", left--);
        setTimeout(tick, 1000);
      } else {
        button.textContent = label;
        button.removeAttribute("aria-disabled");
        button.removeEventListener("click", hold);
      }
    };
    button.setAttribute("aria-disabled", "true");
    button.addEventListener("click", hold);
    tick();
  }

  for (const form of all("form")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      for (const code of form.querySelectorAll("[inputmode=numeric]")) code.value = code.value.replace(/[\s-]/g, "");
    });
    addEventListener("pageshow", () => delete form.dataset.sent);
  }
})();
