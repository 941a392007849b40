// Small comforts. Every page works without them, except that photos are then sent as they are.
"use strict";

// Menus close when one looks elsewhere.
document.addEventListener("click", (e) => {
  for (const d of document.querySelectorAll("details[open]")) if (d.querySelector(".menu") && !d.contains(e.target)) d.open = false;
});

// Filters answer while one types; who was typing goes on typing on the page that comes. Half a word of an input method is none.
for (const form of document.querySelectorAll("form[data-auto]")) {
  let timer;
  const ask = (e) => {
    if (e.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (e.target.type === "search") sessionStorage.setItem("typing", e.target.name);
      form.requestSubmit();
    }, e.target.type === "search" ? 500 : 0);
  };
  form.addEventListener("input", ask);
  form.addEventListener("compositionend", ask);
  const typing = sessionStorage.getItem("typing");
  const field = typing && form.querySelector(`input[type=search][name="${typing}"]`);
  if (field) {
    sessionStorage.removeItem("typing");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}

// Nothing is sent twice, and what cannot be undone asks first.
document.addEventListener("submit", (e) => {
  const ask = e.submitter?.dataset.confirm || e.target.dataset.confirm;
  if (ask && !window.confirm(ask)) { e.preventDefault(); return; }
  if (e.target.method !== "post") return;
  if (e.target.dataset.sent) { e.preventDefault(); return; }
  e.target.dataset.sent = "1";
  setTimeout(() => { delete e.target.dataset.sent; }, 4000);
});
window.addEventListener("pageshow", () => { for (const f of document.forms) delete f.dataset.sent; });

for (const b of document.querySelectorAll("[data-print]")) b.addEventListener("click", () => window.print());

// A form that is being filled in keeps what was typed: at once on the phone, soon after on the server.
for (const form of document.querySelectorAll("form[data-draft]")) draft(form);

function draft(form) {
  const key = "draft:" + form.dataset.draft;
  const state = form.querySelector("[data-draft-state]");
  const read = () => new URLSearchParams(Array.from(new FormData(form)).filter(([, v]) => typeof v === "string"));
  if (form.dataset.fresh !== undefined) {
    const kept = localStorage.getItem(key);
    if (kept) { restore(form, new URLSearchParams(kept)); setTimeout(() => form.dispatchEvent(new Event("change"))); }
  }
  let timer;
  const keep = () => {
    const typed = read();
    localStorage.setItem(key, typed.toString());
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        const answer = await fetch(form.dataset.draftTo, { method: "POST", body: typed });
        if (state) state.textContent = answer.ok ? state.dataset.saved : state.dataset.local;
      } catch { if (state) state.textContent = state.dataset.local; }
    }, 1200);
  };
  form.addEventListener("input", keep);
  form.addEventListener("kept", keep);
  form.addEventListener("submit", () => clearTimeout(timer)); // what is kept here goes when it has arrived, below
}

// What has been filed needs no draft any more.
for (const done of document.querySelectorAll("[data-filed]")) localStorage.removeItem("draft:" + done.dataset.filed);

function restore(form, typed) {
  for (const el of form.elements) {
    if (!el.name || el.type === "file" || el.type === "hidden" || !typed.has(el.name) && !["checkbox", "radio"].includes(el.type)) continue;
    const values = typed.getAll(el.name);
    if (el.type === "checkbox" || el.type === "radio") el.checked = values.includes(el.value);
    else if (el.value === "" || el.value === el.dataset.default) el.value = values[0];
  }
}

// Fields that only matter for some answers come and go; the server decides by the programme's own rules.
for (const form of document.querySelectorAll("form[data-shape]")) {
  const ask = async () => {
    const typed = new URLSearchParams(Array.from(new FormData(form)).filter(([, v]) => typeof v === "string"));
    const answer = await fetch(form.dataset.shape, { method: "POST", body: typed }).catch(() => null);
    if (!answer?.ok) return;
    const shown = new Set(await answer.json());
    for (const f of form.querySelectorAll("[data-field]")) f.toggleAttribute("data-off", !shown.has(f.dataset.field));
  };
  form.addEventListener("change", ask);
}

// Photos are made smaller here, sent at once, and shown.
for (const box of document.querySelectorAll("[data-photos]")) photos(box);

function photos(box) {
  const input = box.querySelector("input[type=file]");
  const name = box.dataset.photos;
  const message = box.querySelector("[data-message]");
  const say = (text) => { if (message) message.textContent = text; };
  const room = () => {
    const full = box.querySelectorAll(".shot").length >= Number(box.dataset.most || 1);
    box.querySelector(".add").hidden = full;
  };
  const add = (sha, title, src) => {
    const shot = document.createElement("div");
    shot.className = "shot";
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name, value: sha });
    shot.append(hidden);
    if (src) shot.append(Object.assign(document.createElement("img"), { src, alt: title }));
    else shot.append(Object.assign(document.createElement("span"), { textContent: title, className: "small" }));
    shot.append(remover());
    box.insertBefore(shot, box.querySelector(".add"));
    room();
    box.closest("form").dispatchEvent(new Event("kept"));
  };
  const remover = () => {
    const b = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    b.setAttribute("aria-label", box.dataset.remove);
    return b;
  };
  box.addEventListener("click", (e) => {
    if (e.target.tagName === "BUTTON" && e.target.closest(".shot")) { e.target.closest(".shot").remove(); room(); box.closest("form").dispatchEvent(new Event("kept")); }
  });
  input.removeAttribute("name"); // from here on the hidden inputs speak for the files
  box.classList.add("live");
  input.addEventListener("change", async () => {
    for (const file of Array.from(input.files)) {
      say(box.dataset.sending);
      try {
        const small = file.type.startsWith("image/") ? await shrink(file) : file;
        if (small.size > Number(box.dataset.bytes)) { say(file.name + " " + box.dataset.large); continue; }
        const answer = await fetch("/uploads?name=" + encodeURIComponent(file.name), { method: "POST", body: small, headers: { "Accept": "application/json" } });
        const said = await answer.json().catch(() => ({}));
        if (!answer.ok) { say(said.detail || said.title || box.dataset.failed); continue; }
        add(said.sha256, said.name, said.image ? URL.createObjectURL(small) : "");
        say("");
      } catch { say(box.dataset.failed); }
    }
    input.value = "";
  });
  room();
}

async function shrink(file) {
  const most = 1920;
  let picture;
  try { picture = await createImageBitmap(file, { imageOrientation: "from-image" }); } catch { return file; }
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size < 600_000 && file.type === "image/jpeg") return file;
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await new Promise((done) => canvas.toBlob((b) => done(b || file), "image/jpeg", 0.85));
}

// Tables whose rows are chosen for a common action.
for (const all of document.querySelectorAll("[data-all]")) {
  all.addEventListener("change", () => { for (const c of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) c.checked = all.checked; });
}

// Mistakes are read out and scrolled to first.
const told = document.querySelector("main:not(:has([autofocus])) .note.bad[role=alert]");
if (told) {
  told.tabIndex = -1;
  told.focus();
}

// A place may be where one stands.
for (const box of document.querySelectorAll("[data-place]")) {
  const [input, button] = [box.querySelector("input"), box.querySelector("button")];
  if (!("geolocation" in navigator) || !window.isSecureContext) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = button.textContent;
    button.textContent = button.dataset.here;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { input.value = coords.latitude.toFixed(6) + "," + coords.longitude.toFixed(6); button.textContent = text; input.dispatchEvent(new Event("input", { bubbles: true })); },
      () => { button.textContent = text; }, { enableHighAccuracy: true, timeout: 10000 });
  });
}

// Paper shows the reasons, too.
window.addEventListener("beforeprint", () => {
  for (const d of document.querySelectorAll("main details:not([open])")) { d.open = true; d.dataset.printed = ""; }
});
window.addEventListener("afterprint", () => {
  for (const d of document.querySelectorAll("[data-printed]")) { d.open = false; delete d.dataset.printed; }
});

// What if: the dials answer while they are dragged. One question is under way at a time; the latest one wins.
for (const form of document.querySelectorAll("form[data-whatif]")) {
  const answer = form.querySelector("[data-effect]");
  let asked = 0, busy = false;
  const ask = async () => {
    if (busy) return;
    busy = true;
    for (let mine = -1; mine !== asked;) {
      mine = asked;
      await new Promise(requestAnimationFrame);
      try {
        const got = await fetch(form.dataset.whatif, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (mine !== asked) continue; // turned further meanwhile
        if (got.ok || got.status === 422) answer.innerHTML = await got.text();
      } catch { /* the button still works */ }
    }
    busy = false;
  };
  form.querySelector("[data-count]").hidden = true;
  for (const range of form.querySelectorAll("input[type=range]")) {
    const field = document.getElementById(range.dataset.for);
    range.hidden = false;
    range.addEventListener("input", () => { field.value = range.value; turned(field); });
    field.addEventListener("input", () => { range.value = field.value; turned(field); });
  }
  const turned = (field) => {
    field.closest(".dial").classList.toggle("changed", Number(field.value) !== Number(field.dataset.was));
    asked++;
    ask();
  };
  form.querySelector("[data-pick]").addEventListener("change", () => form.requestSubmit());
}
