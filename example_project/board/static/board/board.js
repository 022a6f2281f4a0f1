// The board updates itself: it asks for the parts that change and puts in what is new.
"use strict";

const EVERY = 2000; // milliseconds between two questions
const SLOWEST = 15000; // while web does not answer

const main = document.getElementById("main");
const announcer = document.getElementById("announcer");
const offline = document.getElementById("offline");
let clockOffset = 0; // the server's clock minus ours, in milliseconds

// Times

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

function tellTimes() {
  const now = Date.now() + clockOffset;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const then = Date.parse(time.dateTime);
    const text = ago(now - then);
    if (time.textContent !== text) time.textContent = text;
    if (!time.title) time.title = new Date(then).toLocaleString();
  }
}

// Updates

// What an element looked like as the server sent it: the page changes its times afterwards.
const sent = new WeakMap();
const remember = (root) => [root, ...root.querySelectorAll("[id]")].forEach((part) => sent.set(part, part.outerHTML));

// Whether the reader is busy in an element: it has the focus, or a file chosen in it.
const inUse = (element) =>
  element.contains(document.activeElement) || [...element.querySelectorAll("input[type=file]")].some((input) => input.files.length);

const keyed = (element) => element.children.length > 0 && [...element.children].every((child) => child.id);

let etag = "";

// Make `old` like `fresh`: child by child where all have ids, so that nothing flickers or loses the focus.
// What is worth saying aloud goes to `said`: a role, a service or a note in a new state. Ticks are not.
function update(old, fresh, said) {
  const html = fresh.outerHTML;
  if (sent.get(old) === html) return;
  if (keyed(old) && keyed(fresh)) {
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    const present = new Map([...old.children].map((child) => [child.id, child]));
    [...fresh.children].forEach((child, index) => {
      const twin = present.get(child.id) ?? child;
      if (old.children[index] !== twin) old.insertBefore(twin, old.children[index] ?? null);
      if (twin === child) remember(child);
      else update(twin, child, said);
      present.delete(child.id);
    });
    for (const gone of present.values()) gone.remove();
    sent.set(old, html);
  } else if (inUse(old)) {
    etag = ""; // ask for all of it again, and look then
  } else {
    if (old.dataset.say && old.dataset.say !== fresh.dataset.say) said.push(fresh.dataset.say);
    remember(fresh);
    old.replaceWith(fresh);
  }
}

async function ask() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch(main.dataset.liveUrl, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (date) clockOffset = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  if (response.status === 304) return;
  if (!response.ok) throw new Error(`status ${response.status}`);
  etag = response.headers.get("ETag") ?? "";
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const said = [];
  for (const fresh of page.querySelectorAll("[data-live]")) {
    update(document.getElementById(fresh.id), document.importNode(fresh, true), said);
  }
  if (said.length) announcer.textContent = said.join(". ");
  tellTimes();
}

let timer = 0;
let pause = EVERY;

async function poll() {
  clearTimeout(timer);
  try {
    await ask();
    pause = EVERY;
    offline.hidden = true;
  } catch {
    pause = Math.min(pause * 1.5, SLOWEST);
    if (offline.hidden) {
      offline.hidden = false;
      announcer.textContent = "Web does not answer. Trying again.";
    }
  }
  if (!document.hidden) timer = setTimeout(poll, pause);
}

for (const part of document.querySelectorAll("[data-live]")) remember(part);
tellTimes();
setInterval(() => document.hidden || tellTimes(), 1000);
timer = setTimeout(poll, EVERY);
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));

// Colours

const themes = document.querySelector(".theme");
themes.hidden = false;
const chosen = document.documentElement.dataset.theme ?? "auto";
for (const input of themes.querySelectorAll("input")) input.checked = input.value === chosen;
themes.addEventListener("change", ({ target }) => {
  if (target.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = target.value;
  try {
    if (target.value === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", target.value);
  } catch {
    // It then holds until the page is left.
  }
});

// A form that is on its way is not sent twice.

document.addEventListener("submit", ({ target, submitter }) => {
  if (!submitter) return;
  clearTimeout(timer);
  setTimeout(() => {
    for (const button of document.querySelectorAll("button")) button.disabled = button.form === target;
    if (submitter.dataset.busy) submitter.textContent = submitter.dataset.busy;
  });
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
